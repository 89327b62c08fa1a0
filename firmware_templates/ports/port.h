/* What a chip must provide. One folder of ports/ holds one implementation. */
#ifndef PORT_H
#define PORT_H

#include <stdint.h>

/* Low for twice the 50 us below which EnergyRunner's meters take a pulse for a glitch. */
#define PORT_PULSE_US 100u

/* Start the clock, the serial line at the board's speed and the cycle counter. */
void port_init(void);
/* Next received character, or -1 when there is none. Never waits. */
int port_getchar(void);
/* Send a character, waiting for room. */
void port_putchar(char character);
/* Core clock cycles, modulo 2^32. */
uint32_t port_cycles(void);
/* A low pulse on the time stamp's pin, high otherwise; its falling edge is the time that is meant. */
void port_pulse(void);

#endif
