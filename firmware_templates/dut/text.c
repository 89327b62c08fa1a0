#include "text.h"

#include "divide.h"
#include "port.h"

void text_put(const char *text) {
  while (*text) port_putchar(*text++);
}

/* Digits of `value`, the last `decimals` of them after a point. */
static void number(uint64_t value, int decimals) {
  char digits[21];
  int count = 0;
  int least = decimals ? decimals + 2 : 1; /* one digit and the point stand before the decimals */
  do {
    digits[count++] = (char)('0' + divide(&value, 10));
    if (count == decimals) digits[count++] = '.';
  } while (value || count < least);
  while (count) port_putchar(digits[--count]);
}

void text_unsigned(uint64_t value) { number(value, 0); }

void text_thousandths(int32_t value) {
  if (value < 0) port_putchar('-');
  number(value < 0 ? -(uint32_t)value : (uint32_t)value, 3);
}

static void hex_digit(unsigned value) { port_putchar((char)(value < 10 ? '0' + value : 'a' - 10 + value)); }

void text_hex_byte(uint8_t value) {
  hex_digit(value >> 4);
  hex_digit(value & 15u);
}

void text_end_line(void) { text_put("\r\n"); }

void text_line(const char *text) {
  text_put(text);
  text_end_line();
}
