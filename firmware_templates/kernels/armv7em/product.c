/* 1x1 convolution and dense layer on Cortex-M4; multiply_pair.S describes the packing of their constants. */
#ifdef __ARM_FEATURE_DSP
#include <stddef.h>

#include "convolve.h"
#include "multiply.h"
#include "offsets.h"

_Static_assert(offsetof(geometry_t, in_w) == P_IN_W && offsetof(geometry_t, window_h) == P_WINDOW_H, "offsets.h");
_Static_assert(offsetof(geometry_t, window_w) == P_WINDOW_W && offsetof(geometry_t, stride_w) == P_STRIDE_W, "offsets.h");
_Static_assert(offsetof(product_params_t, in_channels) == P_IN_CHANNELS, "offsets.h");
_Static_assert(offsetof(product_params_t, flags) == P_FLAGS, "offsets.h");
_Static_assert(offsetof(product_params_t, out_channels) == P_OUT_CHANNELS, "offsets.h");
_Static_assert(offsetof(product_params_t, out_zero_point) == P_OUT_ZERO_POINT, "offsets.h");
_Static_assert(offsetof(product_params_t, depth) == P_DEPTH, "offsets.h");
_Static_assert(offsetof(product_params_t, weights) == P_WEIGHTS, "offsets.h");
_Static_assert(PRODUCT_BACKWARD == P_BACKWARD, "offsets.h");
_Static_assert(offsetof(product_params_t, bias) == P_STREAM, "offsets.h");

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
  limit_s8(out, pixels * channels, p->act_min, p->act_max);
}

void dense_s8_armv7em(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  armv7em_pack_single(in, p->in_channels, scratch);
  armv7em_multiply_single(p, scratch, out);
  limit_s8(out, p->out_channels, p->act_min, p->act_max);
}
#endif
