/* The sample that the host sends in pieces. */
#ifndef INPUT_H
#define INPUT_H

#include <stdint.h>

/* Expect `count` bytes; more than the model's input is refused and changes nothing. */
void input_begin(int32_t count);
/* Whether `character`, after `line`'s first three, begins a command's data: they need no place in the line. */
int input_follows(const char *line, char character);
/* Take one character of the data, a hexadecimal digit; spaces do not count. */
void input_digit(char character);
/* The command ends: its bytes count now, or are refused and change nothing. What comes after the last expected byte
 * is ignored. */
void input_end(void);
void input_print(int32_t count, int32_t offset);

/* Whether the sample is new since the last call. */
int input_take(void);
/* CRC-32 (zlib's) of the input tensor. What it holds now, however it came there, is a new sample. */
uint32_t input_check(void);

#endif
