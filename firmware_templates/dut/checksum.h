#ifndef CHECKSUM_H
#define CHECKSUM_H

#include <stdint.h>

/* CRC-32 of `count` bytes, the one of zlib. */
uint32_t checksum(const int8_t *bytes, int32_t count);

#endif
