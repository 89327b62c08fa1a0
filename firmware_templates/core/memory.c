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

__attribute__((noinline)) void *memset(void *to, int value, size_t count) {
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

#if defined(__arm__) && defined(__clang__)
/* The Arm run-time ABI's names, which clang calls; its own functions of these names are many times as long. */
#define SAME_AS(function) __attribute__((alias(#function)))
void *__aeabi_memcpy(void *restrict to, const void *restrict from, size_t count) SAME_AS(memcpy);
void *__aeabi_memcpy4(void *restrict to, const void *restrict from, size_t count) SAME_AS(memcpy);
void *__aeabi_memcpy8(void *restrict to, const void *restrict from, size_t count) SAME_AS(memcpy);
void *__aeabi_memmove(void *to, const void *from, size_t count) SAME_AS(memmove);
void *__aeabi_memmove4(void *to, const void *from, size_t count) SAME_AS(memmove);
void *__aeabi_memmove8(void *to, const void *from, size_t count) SAME_AS(memmove);

/* Here value and count come in the other order. Taken for the well-known function, the call of memset would
 * become one of these again. */
#define AS_WRITTEN __attribute__((no_builtin))
AS_WRITTEN void __aeabi_memset(void *to, size_t count, int value) { memset(to, value, count); }
AS_WRITTEN void __aeabi_memclr(void *to, size_t count) { memset(to, 0, count); }
void __aeabi_memset4(void *to, size_t count, int value) SAME_AS(__aeabi_memset);
void __aeabi_memset8(void *to, size_t count, int value) SAME_AS(__aeabi_memset);
void __aeabi_memclr4(void *to, size_t count) SAME_AS(__aeabi_memclr);
void __aeabi_memclr8(void *to, size_t count) SAME_AS(__aeabi_memclr);
#endif
