#include "memory.h"

#include "kernels.h"

void pad_s8(const pad_params_t *p, const int8_t *in, int8_t *out) {
  memset(out, p->value, (size_t)(p->out_h * p->out_w * p->out_channels));
  for (int y = 0; y < p->in_h; y++)
    for (int x = 0; x < p->in_w; x++, in += p->in_channels)
      memcpy(out + ((y + p->top) * p->out_w + x + p->left) * p->out_channels + p->front, in,
             (size_t)p->in_channels);
}
