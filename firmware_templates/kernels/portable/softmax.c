/* Softmax in fixed point: Q5.26 differences, Q0.31 exponentials, Q12.19 sum, output scale 1/256. */
#include "fixed_point.h"

static int32_t shift_left_saturated(int32_t x, int exponent) {
  int32_t limit = INT32_MAX >> exponent;
  if (x > limit) return INT32_MAX;
  if (x < -limit - 1) return INT32_MIN;
  return (int32_t)((uint32_t)x << exponent);
}

/* exp(a) in Q0.31 of a in [-1/4, 0), Q0.31: Taylor's series around -1/8 to the fourth power. */
static int32_t exp_small(int32_t a) {
  const int32_t exp_minus_eighth = 1895147668, third = 715827883;
  int32_t x = a + (1 << 28);
  int32_t x2 = mul_high_rounded(x, x);
  int32_t x3 = mul_high_rounded(x2, x);
  int32_t x4 = mul_high_rounded(x2, x2);
  int32_t cubic = mul_high_rounded(shift_right_rounded(x4, 2) + x3, third);
  int32_t tail = shift_right_rounded(cubic + x2, 1);
  return exp_minus_eighth + mul_high_rounded(exp_minus_eighth, x + tail);
}

/* exp(a) in Q0.31 of a <= 0 in Q5.26: the part below 1/4 by series, each higher bit by a factor. */
static int32_t exp_negative(int32_t a) {
  static const int32_t factor[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const int32_t quarter = 1 << 24;
  if (a == 0) return INT32_MAX;
  int32_t small = (a & (quarter - 1)) - quarter;
  int32_t rest = small - a;
  int32_t result = exp_small(shift_left_saturated(small, 5));
  for (int bit = 0; bit < 7; bit++)
    if (rest & (quarter << bit)) result = mul_high_rounded(result, factor[bit]);
  return result;
}

/* 1 / (1 + a) in Q0.31 of a in [0, 1), Q0.31: three steps of Newton and Raphson in Q2.29. */
static int32_t reciprocal_one_plus(int32_t a) {
  const int32_t c48_17 = 1515870810, minus_c32_17 = -1010580540;
  int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
  int32_t x = c48_17 + mul_high_rounded(half, minus_c32_17);
  for (int i = 0; i < 3; i++) {
    int32_t error = (1 << 29) - mul_high_rounded(half, x);
    x += shift_left_saturated(mul_high_rounded(x, error), 2);
  }
  return shift_left_saturated(x, 1);
}

static int leading_zeros(uint32_t x) {
  int count = 0;
  while (!(x & 0x80000000u)) {
    x <<= 1;
    count++;
  }
  return count;
}

static int32_t scaled_difference(const softmax_params_t *p, int32_t difference) {
  return mul_high_rounded((int32_t)((uint32_t)difference << p->left_shift), p->multiplier);
}

void softmax_s8(const softmax_params_t *p, const int8_t *in, int8_t *out) {
  for (int32_t row = 0; row < p->rows; row++, in += p->width, out += p->width) {
    int32_t max = -128;
    for (int i = 0; i < p->width; i++)
      if (in[i] > max) max = in[i];

    int32_t sum = 0;
    for (int i = 0; i < p->width; i++)
      if (in[i] - max >= p->diff_min)
        sum += shift_right_rounded(exp_negative(scaled_difference(p, in[i] - max)), 12);

    int headroom = leading_zeros((uint32_t)sum);
    int32_t inverse = reciprocal_one_plus((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
    for (int i = 0; i < p->width; i++) {
      if (in[i] - max < p->diff_min) {
        out[i] = -128;
        continue;
      }
      int32_t share = mul_high_rounded(inverse, exp_negative(scaled_difference(p, in[i] - max)));
      out[i] = (int8_t)clamp(shift_right_rounded(share, 12 - headroom + 31 - 8) - 128, -128, 127);
    }
  }
}
