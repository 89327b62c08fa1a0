#include "kernels.h"

void table_s8(const table_params_t *p, const int8_t *in, int8_t *out) {
  const int8_t *zero = p->values + 128;
  for (int32_t i = 0; i < p->size; i++) out[i] = zero[in[i]];
}
