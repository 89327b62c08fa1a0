#include "checksum.h"

uint32_t checksum(const int8_t *bytes, int32_t count) {
  uint32_t crc = ~0u;
  for (int32_t i = 0; i < count; i++) {
    crc ^= (uint8_t)bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0xEDB88320u & -(crc & 1u));
  }
  return ~crc;
}
