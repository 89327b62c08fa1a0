/* Addition, average pooling and means on Cortex-M4, for the shapes that networks have; plain C does the rest. */
#ifdef __ARM_FEATURE_DSP
#include "whole_image.h"

void armv7em_add(const int32_t constants[7], const int8_t *a, const int8_t *b, int8_t *out, int32_t pairs);
void armv7em_sum_pixels(const int8_t *in, int channels, int pixels, int32_t sums[4]);

void add_s8_armv7em(const fast_add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  armv7em_add(p->constants, a, b, out, p->size / 2);
  limit_s8(out, p->size, p->act_min, p->act_max);
}

void average_pool_s8_armv7em(const pool_params_t *p, const int8_t *in, int8_t *out) {
  average_image(armv7em_sum_pixels, p, in, out);
}

void mean_s8_armv7em(const mean_params_t *p, const int8_t *in, int8_t *out) {
  mean_image(armv7em_sum_pixels, p, in, out);
}
#endif
