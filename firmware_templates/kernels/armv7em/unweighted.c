/* Addition and average pooling on Cortex-M4, for the shapes that networks have; plain C does the rest. */
#ifdef __ARM_FEATURE_DSP
#include "kernels.h"

void armv7em_add(const int32_t constants[7], const int8_t *a, const int8_t *b, int8_t *out, int32_t pairs);
void armv7em_sum_pixels(const int8_t *in, int channels, int pixels, int32_t sums[4]);

void add_s8_armv7em(const fast_add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  armv7em_add(p->constants, a, b, out, p->size / 2);
  limit_s8(out, p->size, p->act_min, p->act_max);
}

void average_pool_s8_armv7em(const pool_params_t *p, const int8_t *in, int8_t *out) {
  int pixels = p->geometry.in_h * p->geometry.in_w;
  int half = pixels / 2;
  for (int channel = 0; channel < p->channels; channel += 4) {
    int32_t sums[4];
    armv7em_sum_pixels(in + channel, p->channels, pixels, sums);
    for (int i = 0; i < 4; i++) {
      int32_t mean = sums[i] > 0 ? (sums[i] + half) / pixels : (sums[i] - half) / pixels;
      *out++ = (int8_t)(mean < p->act_min ? p->act_min : mean > p->act_max ? p->act_max : mean);
    }
  }
}
#endif
