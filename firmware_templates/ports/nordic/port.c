/* nRF51 and nRF52: legacy UART and TIMER0 share their registers in both families. */
#include "port.h"

#include "board.h"
#include "cycle_counter.h"

#define REG(base, offset) (*(volatile uint32_t *)((base) + (offset)))

#define CLOCK 0x40000000u
#define CLOCK_HFCLKSTART REG(CLOCK, 0x000)
#define CLOCK_HFCLKSTARTED REG(CLOCK, 0x100)

/* nRF52 only: chips from build code F on lock the debug port at reset until the program opens it. */
#define APPROTECT_DISABLE REG(0x40000558u, 0)
#define APPROTECT_SW_DISABLE 0x5Au

/* nRF52 only: the instruction cache of the flash, off after reset. */
#define NVMC_ICACHECNF REG(0x4001E540u, 0)

#define UART0 0x40002000u
#define UART_STARTRX REG(UART0, 0x000)
#define UART_STARTTX REG(UART0, 0x008)
#define UART_RXDRDY REG(UART0, 0x108)
#define UART_TXDRDY REG(UART0, 0x11C)
#define UART_ENABLE REG(UART0, 0x500)
#define UART_PSELTXD REG(UART0, 0x50C)
#define UART_PSELRXD REG(UART0, 0x514)
#define UART_RXD REG(UART0, 0x518)
#define UART_TXD REG(UART0, 0x51C)
#define UART_BAUDRATE REG(UART0, 0x524)

#define GPIO 0x50000000u
#define GPIO_OUTSET REG(GPIO, 0x508)
#define GPIO_OUTCLR REG(GPIO, 0x50C)
#define GPIO_DIRSET REG(GPIO, 0x518)

/* The register's documented values, not an exact division of the clock. */
#if BOARD_BAUD == 9600
#define BAUD_REGISTER 0x00275000u
#elif BOARD_BAUD == 115200
#define BAUD_REGISTER 0x01D7E000u
#elif BOARD_BAUD == 230400
#define BAUD_REGISTER 0x03B00000u
#elif BOARD_BAUD == 460800
#define BAUD_REGISTER 0x07400000u
#elif BOARD_BAUD == 921600
#define BAUD_REGISTER 0x0F000000u
#elif BOARD_BAUD == 1000000
#define BAUD_REGISTER 0x10000000u
#else
#error "the UART has no such speed"
#endif

#if BOARD_TIMER_DWT

static void timer_init(void) { cycle_counter_init(); }

uint32_t port_cycles(void) { return cycle_counter_read(); }

#else

#define TIMER0 0x40008000u
#define TIMER_START REG(TIMER0, 0x000)
#define TIMER_CLEAR REG(TIMER0, 0x00C)
#define TIMER_CAPTURE0 REG(TIMER0, 0x040)
#define TIMER_MODE REG(TIMER0, 0x504)
#define TIMER_BITMODE REG(TIMER0, 0x508)
#define TIMER_PRESCALER REG(TIMER0, 0x510)
#define TIMER_CC0 REG(TIMER0, 0x540)

static void timer_init(void) {
  TIMER_MODE = 0;
  TIMER_BITMODE = 3; /* 32 bits */
  TIMER_PRESCALER = 0; /* 16 MHz */
  TIMER_CLEAR = 1;
  TIMER_START = 1;
}

uint32_t port_cycles(void) {
  TIMER_CAPTURE0 = 1;
  return TIMER_CC0;
}

#endif

void port_init(void) {
#if BOARD_CORTEX_M4
  APPROTECT_DISABLE = APPROTECT_SW_DISABLE;
  NVMC_ICACHECNF = 1;
#endif
  CLOCK_HFCLKSTARTED = 0;
  CLOCK_HFCLKSTART = 1;
  while (!CLOCK_HFCLKSTARTED) {
  }
  GPIO_OUTSET = 1u << BOARD_TX_PIN;
  GPIO_DIRSET = 1u << BOARD_TX_PIN;
#if BOARD_ENERGY_MODE
  GPIO_OUTSET = 1u << BOARD_TIMESTAMP_PIN;
  GPIO_DIRSET = 1u << BOARD_TIMESTAMP_PIN;
#endif
  UART_PSELTXD = BOARD_TX_PIN;
  UART_PSELRXD = BOARD_RX_PIN;
  UART_BAUDRATE = BAUD_REGISTER;
  UART_ENABLE = 4;
  UART_RXDRDY = 0;
  UART_TXDRDY = 0;
  UART_STARTTX = 1;
  UART_STARTRX = 1;
  timer_init();
}

#if BOARD_ENERGY_MODE
void port_pulse(void) {
  uint32_t begin = port_cycles();
  GPIO_OUTCLR = 1u << BOARD_TIMESTAMP_PIN;
  while (port_cycles() - begin < PORT_PULSE_US * (BOARD_CLOCK_HZ / 1000000u)) {
  }
  GPIO_OUTSET = 1u << BOARD_TIMESTAMP_PIN;
}
#endif

int port_getchar(void) {
  if (!UART_RXDRDY) return -1;
  UART_RXDRDY = 0;
  return (int)(UART_RXD & 0xFFu);
}

void port_putchar(char character) {
  UART_TXDRDY = 0;
  UART_TXD = (uint8_t)character;
  while (!UART_TXDRDY) {
  }
}
