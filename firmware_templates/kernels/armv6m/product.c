/* Convolution and dense layer on Cortex-M0; multiply_pair.S and multiply_single.S describe the packing of their constants. */
#ifdef __ARM_ARCH_6M__
#include <stddef.h>

#include "convolve.h"
#include "memory.h"
#include "offsets.h"

_Static_assert(offsetof(product_params_t, out_channels) == P_OUT_CHANNELS, "offsets.h");
_Static_assert(offsetof(product_params_t, out_zero_point) == P_OUT_ZERO_POINT, "offsets.h");
_Static_assert(offsetof(product_params_t, depth) == P_DEPTH, "offsets.h");
_Static_assert(offsetof(product_params_t, flags) == P_FLAGS, "offsets.h");
_Static_assert(offsetof(product_params_t, weights) == P_WEIGHTS, "offsets.h");
_Static_assert(offsetof(product_params_t, multiplier) == P_MULTIPLIER, "offsets.h");

void armv6m_pack_rows(const int8_t *a, int row_a, const int8_t *b, int row_b, int rows, int count, int8_t *column,
                      int8_t *rest);
void armv6m_multiply_pair(const product_params_t *p, const int8_t *column, int8_t *out_a, int8_t *out_b);
void armv6m_multiply_single(const product_params_t *p, const int8_t *column, int8_t *out);

void conv2d_s8_armv6m(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  product_core_t core = {armv6m_pack_rows, armv6m_multiply_pair};
  convolve_windows(p, core, in, out, scratch);
}

void pointwise_s8_armv6m(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  product_core_t core = {armv6m_pack_rows, armv6m_multiply_pair};
  convolve_pixels(p, core, in, out, scratch);
}

/* The copy makes words of the input, and lets the output lie over it. */
void dense_s8_armv6m(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  memcpy(scratch, in, (size_t)p->in_channels);
  armv6m_multiply_single(p, scratch, out);
  limit_s8(out, p->out_channels, p->act_min, p->act_max);
}
#endif
