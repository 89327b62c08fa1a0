/* Time since boot from the port's wrapping cycle counter. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/* Cycles since boot. Must be called at least once in every 2^32 cycles. */
uint64_t clock_cycles(void);
uint64_t clock_us(uint64_t cycles);
/* Whether the counter advances plausibly over a loop of known length. */
int clock_works(void);

#endif
