#include "fixed_point.h"

#define ADD_LEFT_SHIFT 20 /* headroom in which both operands meet, as in TFLite */

void add_s8(const add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  for (int32_t i = 0; i < p->size; i++) {
    int32_t x = rescale((a[i] - p->a_zero_point) * (1 << ADD_LEFT_SHIFT), p->a_rescale);
    int32_t y = rescale((b[i] - p->b_zero_point) * (1 << ADD_LEFT_SHIFT), p->b_rescale);
    out[i] = (int8_t)clamp(rescale(x + y, p->out_rescale) + p->out_zero_point, p->act_min, p->act_max);
  }
}
