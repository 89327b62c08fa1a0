/* How much of the stack has been in use, by painting it at reset. */
#ifndef STACK_H
#define STACK_H

#include <stdint.h>

void stack_paint(void);
uint32_t stack_high_water_bytes(void);
uint32_t stack_reserved_bytes(void);

#endif
