#include "clock.h"

#include "board.h"
#include "port.h"

uint64_t clock_cycles(void) {
  static uint32_t last;
  static uint64_t total;
  uint32_t now = port_cycles();
  total += now - last;
  last = now;
  return total;
}

uint64_t clock_us(uint64_t cycles) { return cycles / (BOARD_CLOCK_HZ / 1000000u); }

int clock_works(void) {
  uint32_t begin = port_cycles();
  for (volatile int i = 0; i < 1000; i++) {
  }
  uint32_t cycles = port_cycles() - begin;
  return cycles > 2000 && cycles < 100000; /* 2 to 100 cycles a round on any of these cores */
}
