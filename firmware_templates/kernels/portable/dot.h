/* Dot products of int8 vectors in register blocks; every convolution ends here. */
#ifndef DOT_H
#define DOT_H

#include <stdint.h>

#include "fixed_point.h"

/* sums[0..3] += a0.b0, a0.b1, a1.b0, a1.b1 over n elements. */
static inline void dot_2x2(const int8_t *a0, const int8_t *a1, const int8_t *b0, const int8_t *b1, int n,
                           int32_t sums[4]) {
  int32_t s00 = sums[0], s01 = sums[1], s10 = sums[2], s11 = sums[3];
  for (int i = 0; i < n; i++) {
    int32_t x0 = a0[i], x1 = a1[i], y0 = b0[i], y1 = b1[i];
    s00 += x0 * y0;
    s01 += x0 * y1;
    s10 += x1 * y0;
    s11 += x1 * y1;
  }
  sums[0] = s00;
  sums[1] = s01;
  sums[2] = s10;
  sums[3] = s11;
}

static inline int32_t dot(const int8_t *a, const int8_t *b, int n, int32_t sum) {
  for (int i = 0; i < n; i++) sum += (int32_t)a[i] * b[i];
  return sum;
}

/* One output element from its accumulator. */
static inline int8_t finish(const conv_params_t *p, int channel, int32_t sum) {
  return (int8_t)clamp(rescale(sum, p->rescale[channel]) + p->out_zero_point, p->act_min, p->act_max);
}

/* All output channels of one or two patches of n elements each; `second` is NULL for a single one. */
static inline void patches_to_outputs(const conv_params_t *p, const int8_t *first, const int8_t *second, int n,
                                      int8_t *out) {
  const int8_t *weights = p->weights;
  int channels = p->out_channels;
  int channel = 0;
  if (second) {
    for (; channel + 1 < channels; channel += 2, weights += 2 * n) {
      int32_t sums[4] = {p->bias[channel], p->bias[channel], p->bias[channel + 1], p->bias[channel + 1]};
      dot_2x2(weights, weights + n, first, second, n, sums);
      out[channel] = finish(p, channel, sums[0]);
      out[channel + channels] = finish(p, channel, sums[1]);
      out[channel + 1] = finish(p, channel + 1, sums[2]);
      out[channel + 1 + channels] = finish(p, channel + 1, sums[3]);
    }
  }
  for (; channel < channels; channel++, weights += n) {
    out[channel] = finish(p, channel, dot(weights, first, n, p->bias[channel]));
    if (second) out[channel + channels] = finish(p, channel, dot(weights, second, n, p->bias[channel]));
  }
}

#endif
