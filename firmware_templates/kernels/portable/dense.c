#include "dot.h"

void dense_s8(const dense_params_t *p, const int8_t *in, int8_t *out) {
  const int8_t *weights = p->weights;
  for (int i = 0; i < p->out_features; i++, weights += p->in_features) {
    int32_t sum = dot(weights, in, p->in_features, p->bias[i]);
    out[i] = (int8_t)clamp(rescale(sum, p->rescale[i]) + p->out_zero_point, p->act_min, p->act_max);
  }
}
