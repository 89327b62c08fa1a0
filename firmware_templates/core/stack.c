#include "stack.h"

#define PAINT 0xA5C35A3Cu

extern uint32_t ld_stack_bottom[], ld_stack_top[];

void stack_paint(void) {
  volatile uint32_t *here = (volatile uint32_t *)__builtin_frame_address(0);
  for (volatile uint32_t *word = ld_stack_bottom; word < here - 16; word++) *word = PAINT;
}

uint32_t stack_high_water_bytes(void) {
  const uint32_t *word = ld_stack_bottom;
  while (word < ld_stack_top && *word == PAINT) word++;
  return (uint32_t)((const char *)ld_stack_top - (const char *)word);
}

uint32_t stack_reserved_bytes(void) {
  return (uint32_t)((const char *)ld_stack_top - (const char *)ld_stack_bottom);
}
