/* The C library functions that compilers call on their own, by words where both sides are aligned. */
#include "memory.h"
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  unsigned char *out = to;
  const unsigned char *in = from;
  if ((((uintptr_t)out | (uintptr_t)in) & 3u) == 0) {
    for (; count >= 4; count -= 4, out += 4, in += 4) *(uint32_t *)out = *(const uint32_t *)in;
  }
  while (count--) *out++ = *in++;
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  unsigned char *out = to;
  const unsigned char *in = from;
  if (out <= in) return memcpy(to, from, count);
  while (count--) out[count] = in[count];
  return to;
}

void *memset(void *to, int value, size_t count) {
  unsigned char *out = to;
  while (count && ((uintptr_t)out & 3u)) {
    *out++ = (unsigned char)value;
    count--;
  }
  uint32_t word = (unsigned char)value * 0x01010101u;
  for (; count >= 4; count -= 4, out += 4) *(uint32_t *)out = word;
  while (count--) *out++ = (unsigned char)value;
  return to;
}
