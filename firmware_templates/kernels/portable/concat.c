#include "kernels.h"
#include "memory.h"

void concat_s8(const concat_params_t *p, const int8_t *a, const int8_t *b, int8_t *out) {
  for (int32_t i = 0; i < p->positions; i++) {
    memcpy(out, a, (size_t)p->a_channels);
    out += p->a_channels;
    a += p->a_channels;
    memcpy(out, b, (size_t)p->b_channels);
    out += p->b_channels;
    b += p->b_channels;
  }
}
