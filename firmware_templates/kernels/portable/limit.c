#include "kernels.h"

void limit_s8(int8_t *values, int count, int low, int high) {
  if (low == -128 && high == 127) return;
  for (int i = 0; i < count; i++) {
    if (values[i] < low) values[i] = (int8_t)low;
    if (values[i] > high) values[i] = (int8_t)high;
  }
}
