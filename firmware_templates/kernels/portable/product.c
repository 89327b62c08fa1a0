/* The matrix product in plain C, for the host and for weights that a core's own kernel cannot take.
 *
 * A column holds the inputs of two pixels in turn, a0 b0 a1 b1 ...; weights are int8 [out_channels, depth]. */
#include "convolve.h"
#include "fixed_point.h"

static int8_t finish(const product_params_t *p, int channel, int32_t sum) {
  rescale_t by = {p->multiplier[channel], p->shift[channel]};
  return (int8_t)clamp(rescale(sum, by) + p->out_zero_point, -128, 127);
}

static void pack_rows(const int8_t *a, int row_a, const int8_t *b, int row_b, int rows, int count, int8_t *column,
                      int8_t *rest) {
  (void)rest;
  for (int y = 0; y < rows; y++, a += row_a, b += row_b) {
    for (int i = 0; i < count; i++) {
      *column++ = a[i];
      *column++ = b[i];
    }
  }
}

static void multiply_pair(const product_params_t *p, const int8_t *column, int8_t *out_a, int8_t *out_b) {
  const int8_t *weights = p->weights;
  int depth = p->depth;
  for (int channel = 0; channel < p->out_channels; channel++, weights += depth) {
    const int8_t *inputs = column;
    int32_t sum_a = p->bias[channel], sum_b = sum_a;
    for (int i = 0; i < depth; i++, inputs += 2) {
      int32_t weight = weights[i];
      sum_a += weight * inputs[0];
      sum_b += weight * inputs[1];
    }
    out_a[channel] = finish(p, channel, sum_a);
    out_b[channel] = finish(p, channel, sum_b);
  }
}

void conv2d_s8_portable(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  product_core_t core = {pack_rows, multiply_pair};
  convolve_windows(p, core, in, out, scratch);
}

void pointwise_s8_portable(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  product_core_t core = {pack_rows, multiply_pair};
  convolve_pixels(p, core, in, out, scratch);
}

void dense_s8_portable(const product_params_t *p, const int8_t *in, int8_t *out) {
  const int8_t *weights = p->weights;
  for (int i = 0; i < p->out_channels; i++, weights += p->depth) {
    int32_t sum = p->bias[i];
    for (int j = 0; j < p->in_channels; j++) sum += (int32_t)weights[j] * in[j];
    out[i] = (int8_t)clamp(finish(p, i, sum), p->act_min, p->act_max);
  }
}
