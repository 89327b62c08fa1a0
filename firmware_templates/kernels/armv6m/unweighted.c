/* Addition and average pooling on Cortex-M0, for the shapes that networks have; plain C does the rest. */
#ifdef __ARM_ARCH_6M__
#include "kernels.h"

void armv6m_add(const int32_t constants[4], const int8_t *a, const int8_t *b, int8_t *out, int32_t size);

void add_s8_armv6m(const fast_add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  armv6m_add(p->constants, a, b, out, p->size);
  limit_s8(out, p->size, p->act_min, p->act_max);
}

/* Four channels a word, with 128 added to make them unsigned, in halves of two words: 255 * 255 fits. */
void average_pool_s8_armv6m(const pool_params_t *p, const int8_t *in, int8_t *out) {
  const uint32_t halves = 0x00FF00FFu, signs = 0x80808080u;
  int pixels = p->geometry.in_h * p->geometry.in_w, channels = p->channels;
  int half = pixels / 2;
  for (int channel = 0; channel < channels; channel += 4) {
    uint32_t even = 0, odd = 0;
    const int8_t *from = in + channel;
    for (int left = pixels; left; left--, from += channels) {
      uint32_t word = *(const uint32_t *)(const void *)from ^ signs;
      even += word & halves;
      odd += (word >> 8) & halves;
    }
    for (int i = 0; i < 4; i++) {
      uint32_t sums = i & 1 ? odd : even;
      int32_t sum = (int32_t)(i & 2 ? sums >> 16 : sums & 0xFFFFu) - 128 * pixels;
      int32_t mean = sum > 0 ? (sum + half) / pixels : (sum - half) / pixels;
      *out++ = (int8_t)(mean < p->act_min ? p->act_min : mean > p->act_max ? p->act_max : mean);
    }
  }
}
#endif
