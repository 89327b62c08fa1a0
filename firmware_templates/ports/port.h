/* What a chip must provide. One folder of ports/ holds one implementation. */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

/* Start the clock, the serial line at the board's speed and the cycle counter. */
void port_init(void);
/* Next received character, or -1 when there is none. Never waits. */
int port_getchar(void);
/* Send a character, waiting for room. */
void port_putchar(char character);
/* Core clock cycles, modulo 2^32. */
uint32_t port_cycles(void);

#endif
