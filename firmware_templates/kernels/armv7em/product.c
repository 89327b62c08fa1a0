/* Convolution and dense layer on Cortex-M4; multiply_pair.S describes the packing of their constants. */
#ifdef __ARM_FEATURE_DSP
#include <stddef.h>

#include "convolve.h"
#include "offsets.h"

_Static_assert(offsetof(product_params_t, in_channels) == P_IN_CHANNELS, "offsets.h");
_Static_assert(offsetof(product_params_t, flags) == P_FLAGS, "offsets.h");
_Static_assert(offsetof(product_params_t, out_channels) == P_OUT_CHANNELS, "offsets.h");
_Static_assert(offsetof(product_params_t, out_zero_point) == P_OUT_ZERO_POINT, "offsets.h");
_Static_assert(offsetof(product_params_t, depth) == P_DEPTH, "offsets.h");
_Static_assert(offsetof(product_params_t, weights) == P_WEIGHTS, "offsets.h");
_Static_assert(offsetof(product_params_t, bias) == P_STREAM, "offsets.h");

void armv7em_pack_rows(const int8_t *a, int row_a, const int8_t *b, int row_b, int rows, int count, int8_t *column,
                       int8_t *rest);
void armv7em_pack_single(const int8_t *a, int count, int8_t *column);
void armv7em_multiply_pixels(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *column, int pairs);
void armv7em_multiply_pair(const product_params_t *p, const int8_t *column, int8_t *out_a, int8_t *out_b);
void armv7em_multiply_single(const product_params_t *p, const int8_t *column, int8_t *out);

void conv2d_s8_armv7em(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  product_core_t core = {armv7em_pack_rows, armv7em_multiply_pair};
  convolve_windows(p, core, in, out, scratch);
}

void pointwise_s8_armv7em(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  const int in_channels = p->in_channels, channels = p->out_channels;
  const int pixels = p->geometry.out_h * p->geometry.out_w;
  const int backward = p->flags & PRODUCT_BACKWARD;
  const int first = backward ? pixels - 2 : 0, single = backward ? 0 : pixels - 1;
  if (pixels > 1)
    armv7em_multiply_pixels(p, in + first * in_channels, out + first * channels, scratch, pixels / 2);
  if (pixels % 2) { /* a single pixel is done twice at once */
    in += single * in_channels;
    armv7em_pack_rows(in, 0, in, 0, 1, in_channels, scratch, NULL);
    armv7em_multiply_pair(p, scratch, out + single * channels, out + single * channels);
  }
  if (p->act_min == -128 && p->act_max == 127) return;
  for (int i = 0; i < pixels; i++) clamp_pixel(p, out + i * channels);
}

void dense_s8_armv7em(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  armv7em_pack_single(in, p->in_channels, scratch);
  armv7em_multiply_single(p, scratch, out);
  if (p->act_min > -128 || p->act_max < 127) clamp_pixel(p, out);
}
#endif
