#include "text.h"

#include "port.h"

void text_put(const char *text) {
  while (*text) port_putchar(*text++);
}

void text_unsigned(uint64_t value) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  while (count) port_putchar(digits[--count]);
}

void text_signed(int32_t value) {
  if (value < 0) port_putchar('-');
  text_unsigned(value < 0 ? -(uint32_t)value : (uint32_t)value);
}

void text_hex_byte(uint8_t value) {
  static const char digit[] = "0123456789abcdef";
  port_putchar(digit[value >> 4]);
  port_putchar(digit[value & 15]);
}

void text_thousandths(int32_t value) {
  uint32_t size = value < 0 ? -(uint32_t)value : (uint32_t)value;
  if (value < 0) port_putchar('-');
  text_unsigned(size / 1000);
  port_putchar('.');
  port_putchar((char)('0' + size / 100 % 10));
  port_putchar((char)('0' + size / 10 % 10));
  port_putchar((char)('0' + size % 10));
}

void text_end_line(void) { text_put("\r\n"); }

void text_line(const char *text) {
  text_put(text);
  text_end_line();
}
