/* Text to the host, without printf. */
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>

void text_put(const char *text);
void text_unsigned(uint64_t value);
void text_hex_byte(uint8_t value);
/* value / 1000 with three decimals. */
void text_thousandths(int32_t value);
void text_end_line(void);
void text_line(const char *text);

#endif
