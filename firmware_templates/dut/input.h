/* The sample that the host sends in pieces. */
#ifndef INPUT_H
#define INPUT_H

#include <stdint.h>

/* Expect `count` bytes; more than the model's input is refused and changes nothing. */
void input_begin(int32_t count);
/* Take the next bytes as hexadecimal digits; what comes after the last expected byte is ignored. */
void input_hex(const char *digits);
void input_print(int32_t count, int32_t offset);

/* Whether the sample is new since the last call. */
int input_take(void);

#endif
