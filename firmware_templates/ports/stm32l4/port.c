/* STM32L4 at 80 MHz and STM32L4+ at 120 MHz (reference manuals RM0351 and RM0432). */
#include "port.h"

#include "board.h"
#include "cycle_counter.h"

#define REG(base, offset) (*(volatile uint32_t *)((base) + (offset)))

#define RCC 0x40021000u
#define RCC_CR REG(RCC, 0x00)
#define RCC_CR_HSION (1u << 8)
#define RCC_CR_HSIRDY (1u << 10)
#define RCC_CR_PLLON (1u << 24)
#define RCC_CR_PLLRDY (1u << 25)
#define RCC_CFGR REG(RCC, 0x08)
#define RCC_CFGR_PLL 3u
#define RCC_CFGR_STATUS_PLL (3u << 2)
#define RCC_CFGR_HALF (8u << 4)
#define RCC_PLLCFGR REG(RCC, 0x0C)
#define RCC_AHB2ENR REG(RCC, 0x4C)
#define RCC_APB1ENR1 REG(RCC, 0x58)
#define RCC_APB1ENR1_PWREN (1u << 28)
#define RCC_APB1ENR2 REG(RCC, 0x5C)
#define RCC_APB2ENR REG(RCC, 0x60)
#define RCC_CCIPR REG(RCC, 0x88)

#define PWR_CR1 REG(0x40007000u, 0x00)
#define PWR_CR1_RANGE_1 (1u << 9)
#define PWR_CR1_RANGES (3u << 9)
#define PWR_CR2 REG(0x40007000u, 0x04)
#define PWR_CR2_IOSV (1u << 9)
#define PWR_SR2 REG(0x40007000u, 0x14)
#define PWR_SR2_VOSF (1u << 10)
#define PWR_CR5 REG(0x40007000u, 0x80)
#define PWR_CR5_R1MODE (1u << 8)

#define FLASH_ACR REG(0x40022000u, 0x00)
#define FLASH_ACR_LATENCY 0xFu
#define FLASH_ACR_PRFTEN (1u << 8)
#define FLASH_ACR_ICEN (1u << 9)
#define FLASH_ACR_DCEN (1u << 10)

/* Pins are numbered 16 to a port. */
#define GPIO(pin) (0x48000000u + 0x400u * ((pin) / 16u))
#define GPIO_MODER(pin) REG(GPIO(pin), 0x00)
#define GPIO_BSRR(pin) REG(GPIO(pin), 0x18)
#define GPIO_AFR(pin) REG(GPIO(pin), 0x20u + 4u * ((pin) / 8u % 2u))
#define GPIO_OUTPUT 1u
#define GPIO_ALTERNATE 2u

#define UART_CR1 REG(UART, 0x00)
#define UART_CR1_ON 0xDu /* UE, RE, TE */
#define UART_CR3 REG(UART, 0x08)
#define UART_CR3_OVRDIS (1u << 12)
#define UART_BRR REG(UART, 0x0C)
#define UART_ISR REG(UART, 0x1C)
#define UART_ISR_RXNE (1u << 5)
#define UART_ISR_TXE (1u << 7)
#define UART_RDR REG(UART, 0x24)
#define UART_TDR REG(UART, 0x28)

#define HSI16_HZ 16000000u

/* The pins choose the interface. LPUART1 divides HSI16: the core's clock is too fast for 9600 baud. */
#if BOARD_TX_PIN == 103 && BOARD_RX_PIN == 104
#define UART 0x40008000u
#define UART_IS_LPUART1 1
#define UART_FUNCTION 8u
#define UART_DIVIDER ((256ull * HSI16_HZ + BOARD_BAUD / 2u) / BOARD_BAUD)
#elif (BOARD_TX_PIN == 22 && BOARD_RX_PIN == 23) || (BOARD_TX_PIN == 9 && BOARD_RX_PIN == 10)
#define UART 0x40013800u
#define UART_IS_LPUART1 0
#define UART_FUNCTION 7u
#define UART_DIVIDER ((BOARD_CLOCK_HZ + BOARD_BAUD / 2u) / BOARD_BAUD)
#else
#error "no serial interface is known for these pins"
#endif

#if BOARD_CLOCK_HZ == 80000000
#define WAIT_STATES 4u
#define BOOST 0
#elif BOARD_CLOCK_HZ == 120000000
#define WAIT_STATES 5u
#define BOOST 1
#else
#error "the clock tree is known for 80 and 120 MHz"
#endif

/* HSI16 / 2 into the PLL, times N, out by 2. */
#define PLL_IN_HZ (HSI16_HZ / 2u)
#define PLL_SETTING (2u | 1u << 4 | (2u * BOARD_CLOCK_HZ / PLL_IN_HZ) << 8 | 1u << 24)

static void clock_init(void) {
  RCC_APB1ENR1 |= RCC_APB1ENR1_PWREN;
  (void)RCC_APB1ENR1; /* a clock gate opens two cycles after the write */
  PWR_CR1 = (PWR_CR1 & ~PWR_CR1_RANGES) | PWR_CR1_RANGE_1;
  while (PWR_SR2 & PWR_SR2_VOSF) {
  }
#if BOOST
  PWR_CR5 &= ~PWR_CR5_R1MODE;
#endif
  FLASH_ACR = WAIT_STATES | FLASH_ACR_PRFTEN | FLASH_ACR_ICEN | FLASH_ACR_DCEN;
  while ((FLASH_ACR & FLASH_ACR_LATENCY) != WAIT_STATES) {
  }
  RCC_CR |= RCC_CR_HSION;
  while (!(RCC_CR & RCC_CR_HSIRDY)) {
  }
  RCC_PLLCFGR = PLL_SETTING;
  RCC_CR |= RCC_CR_PLLON;
  while (!(RCC_CR & RCC_CR_PLLRDY)) {
  }
  /* Above 80 MHz the clock must not rise at once: half of it for a microsecond first. */
  RCC_CFGR = RCC_CFGR_PLL | (BOOST ? RCC_CFGR_HALF : 0u);
  while ((RCC_CFGR & RCC_CFGR_STATUS_PLL) != RCC_CFGR_STATUS_PLL) {
  }
#if BOOST
  for (volatile int i = 0; i < 100; i++) {
  }
  RCC_CFGR = RCC_CFGR_PLL;
#endif
}

static void pin_mode(uint32_t pin, uint32_t mode) {
  GPIO_MODER(pin) = (GPIO_MODER(pin) & ~(3u << 2u * (pin % 16u))) | mode << 2u * (pin % 16u);
}

static void serial_pin(uint32_t pin) {
  RCC_AHB2ENR |= 1u << pin / 16u;
  (void)RCC_AHB2ENR;
  GPIO_AFR(pin) = (GPIO_AFR(pin) & ~(0xFu << 4u * (pin % 8u))) | UART_FUNCTION << 4u * (pin % 8u);
  pin_mode(pin, GPIO_ALTERNATE);
}

static void serial_init(void) {
#if UART_IS_LPUART1
  PWR_CR2 |= PWR_CR2_IOSV; /* port G has a supply of its own */
  RCC_CCIPR |= 2u << 10;
  RCC_APB1ENR2 |= 1u;
  (void)RCC_APB1ENR2;
#else
  RCC_APB2ENR |= 1u << 14;
  (void)RCC_APB2ENR;
#endif
  serial_pin(BOARD_TX_PIN);
  serial_pin(BOARD_RX_PIN);
  UART_BRR = UART_DIVIDER;
  UART_CR3 = UART_CR3_OVRDIS; /* a byte that came too soon is lost, and noticed by the host */
  UART_CR1 = UART_CR1_ON;
}

void port_init(void) {
  clock_init();
  serial_init();
#if BOARD_ENERGY_MODE
  RCC_AHB2ENR |= 1u << BOARD_TIMESTAMP_PIN / 16u;
  (void)RCC_AHB2ENR;
  GPIO_BSRR(BOARD_TIMESTAMP_PIN) = 1u << BOARD_TIMESTAMP_PIN % 16u;
  pin_mode(BOARD_TIMESTAMP_PIN, GPIO_OUTPUT);
#endif
  cycle_counter_init();
}

#if BOARD_ENERGY_MODE
void port_pulse(void) {
  uint32_t begin = port_cycles();
  GPIO_BSRR(BOARD_TIMESTAMP_PIN) = 1u << (BOARD_TIMESTAMP_PIN % 16u + 16u);
  while (port_cycles() - begin < PORT_PULSE_US * (BOARD_CLOCK_HZ / 1000000u)) {
  }
  GPIO_BSRR(BOARD_TIMESTAMP_PIN) = 1u << BOARD_TIMESTAMP_PIN % 16u;
}
#endif

uint32_t port_cycles(void) { return cycle_counter_read(); }

int port_getchar(void) {
  if (!(UART_ISR & UART_ISR_RXNE)) return -1;
  return (int)(UART_RDR & 0xFFu);
}

void port_putchar(char character) {
  UART_TDR = (uint8_t)character;
  while (!(UART_ISR & UART_ISR_TXE)) {
  }
}
