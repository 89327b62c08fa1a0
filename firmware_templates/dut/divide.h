/* Division for printing: a few instructions, where the compiler's 64-bit routine takes a kilobyte. */
#ifndef DIVIDE_H
#define DIVIDE_H

#include <stdint.h>

/* Divide *value by `divisor` (below 2^31) and return the remainder. */
uint32_t divide(uint64_t *value, uint32_t divisor);

#endif
