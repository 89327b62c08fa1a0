/* Addition, average pooling and means on Cortex-M0, for the shapes that networks have; plain C does the rest. */
#ifdef __ARM_ARCH_6M__
#include "whole_image.h"

void armv6m_add(const int32_t constants[4], const int8_t *a, const int8_t *b, int8_t *out, int32_t size);

void add_s8_armv6m(const fast_add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  armv6m_add(p->constants, a, b, out, p->size);
  limit_s8(out, p->size, p->act_min, p->act_max);
}

/* Four channels a word, with 128 added to make them unsigned, in halves of two words: 255 * 255 fits. */
static void sum_pixels(const int8_t *in, int channels, int pixels, int32_t sums[4]) {
  const uint32_t halves = 0x00FF00FFu, signs = 0x80808080u;
  uint32_t even = 0, odd = 0;
  for (int left = pixels; left; left--, in += channels) {
    uint32_t word = *(const uint32_t *)(const void *)in ^ signs;
    even += word & halves;
    odd += (word >> 8) & halves;
  }
  for (int i = 0; i < 4; i++) {
    uint32_t two = i & 1 ? odd : even;
    sums[i] = (int32_t)(i & 2 ? two >> 16 : two & 0xFFFFu) - 128 * pixels;
  }
}

void average_pool_s8_armv6m(const pool_params_t *p, const int8_t *in, int8_t *out) {
  average_image(sum_pixels, p, in, out);
}

void mean_s8_armv6m(const mean_params_t *p, const int8_t *in, int8_t *out) { mean_image(sum_pixels, p, in, out); }
#endif
