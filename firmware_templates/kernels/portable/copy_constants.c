/* Constants from flash to RAM: a layer that reads them often does not wait for the flash each time. */
#include "kernels.h"
#include "memory.h"

typedef struct {
  uint32_t words[4];
} block_t;

void copy_constants(int8_t *to, const void *from, size_t count) {
  block_t *out = (block_t *)(void *)to;
  const block_t *in = from;
  size_t blocks = count / sizeof *out;
  while (blocks--) *out++ = *in++;
  memcpy(out, in, count % sizeof *out);
}
