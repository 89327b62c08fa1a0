#include "fixed_point.h"

void requantize_s8(const requantize_params_t *p, const int8_t *in, int8_t *out) {
  for (int32_t i = 0; i < p->size; i++)
    out[i] = (int8_t)clamp(rescale(in[i] - p->in_zero_point, p->rescale) + p->out_zero_point, -128, 127);
}
