/* Addition, average pooling and means on Cortex-M0, for the shapes that networks have; plain C does the rest. */
#ifdef __ARM_ARCH_6M__
#include "whole_image.h"

void armv6m_add(const int32_t constants[4], const int8_t *a, const int8_t *b, int8_t *out, int32_t size);
void armv6m_sum_pixels(const int8_t *in, int channels, int pixels, int32_t sums[4]);

void add_s8_armv6m(const fast_add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  armv6m_add(p->constants, a, b, out, p->size);
  limit_s8(out, p->size, p->act_min, p->act_max);
}

void average_pool_s8_armv6m(const pool_params_t *p, const int8_t *in, int8_t *out) {
  average_image(armv6m_sum_pixels, p, in, out);
}

void mean_s8_armv6m(const mean_params_t *p, const int8_t *in, int8_t *out) {
  mean_image(armv6m_sum_pixels, p, in, out);
}
#endif
