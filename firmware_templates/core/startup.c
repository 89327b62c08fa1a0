/* Reset, vector table and faults of a Cortex-M0 or Cortex-M4. */
#include <stdint.h>
#include "memory.h"

#include "port.h"
#include "stack.h"
#include "text.h"

extern uint32_t ld_stack_bottom[], ld_stack_top[];
extern uint32_t ld_data_load[], ld_data_begin[], ld_data_end[], ld_bss_begin[], ld_bss_end[];
int main(void);

#define CPACR (*(volatile uint32_t *)0xE000ED88)

void reset_handler(void) {
#ifdef __ARM_FEATURE_DSP
  CPACR |= 0xFu << 20; /* coprocessors 10 and 11: the floating-point unit */
#endif
  memcpy(ld_data_begin, ld_data_load, (size_t)((char *)ld_data_end - (char *)ld_data_begin));
  memset(ld_bss_begin, 0, (size_t)((char *)ld_bss_end - (char *)ld_bss_begin));
  stack_paint();
  main();
  for (;;) {
  }
}

/* The host learns of a fault by this line, a debugger by the core that stays here. */
void fault_handler(void) {
  text_line("e-[fault]");
  for (;;) {
  }
}

typedef void (*vector_t)(void);

__attribute__((section(".vectors"), used)) const vector_t vectors[16] = {
    (vector_t)ld_stack_top, reset_handler, fault_handler, fault_handler, fault_handler, fault_handler,
    fault_handler,          fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
    fault_handler,          fault_handler, fault_handler, fault_handler,
};
