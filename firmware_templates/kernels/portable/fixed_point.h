/* Fixed-point arithmetic shared by the kernels. */
#ifndef FIXED_POINT_H
#define FIXED_POINT_H

#include <stdint.h>

#include "kernels.h"

/* High 32 bits of 2 * a * b, halves rounded up. Not for a == b == INT32_MIN. */
static inline int32_t mul_high_rounded(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* x / 2^exponent with exponent in [0, 31], halves rounded away from zero. */
static inline int32_t shift_right_rounded(int32_t x, int exponent) {
  int32_t mask = (int32_t)((1u << exponent) - 1u);
  int32_t remainder = x & mask;
  int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + (remainder > threshold ? 1 : 0);
}

/* x * multiplier / 2^31 * 2^shift, rounded twice as TFLite Micro does. */
static inline int32_t rescale(int32_t x, rescale_t by) {
  int left = by.shift > 0 ? by.shift : 0;
  int right = by.shift > 0 ? 0 : -by.shift;
  int32_t high = mul_high_rounded((int32_t)((uint32_t)x << left), by.multiplier);
  return shift_right_rounded(high, right);
}

static inline int32_t clamp(int32_t x, int32_t low, int32_t high) {
  return x < low ? low : x > high ? high : x;
}

#endif
