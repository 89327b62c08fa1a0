#include "fixed_point.h"

void mean_s8(const mean_params_t *p, const int8_t *in, int8_t *out) {
  for (int channel = 0; channel < p->channels; channel++) {
    int32_t sum = -p->in_zero_point * p->positions;
    const int8_t *value = in + channel;
    for (int32_t i = 0; i < p->positions; i++, value += p->channels) sum += *value;
    out[channel] = (int8_t)clamp(rescale(sum, p->rescale) + p->out_zero_point, -128, 127);
  }
}
