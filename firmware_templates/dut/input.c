#include "input.h"

#include "model.h"
#include "text.h"

static int32_t expected, received;
static int used; /* whether an inference has run on the sample; at boot it is zeros and new */

void input_begin(int32_t count) {
  if (count <= 0 || count > MODEL_INPUT_BYTES) {
    text_put("e-[db load takes 1 to ");
    text_unsigned(MODEL_INPUT_BYTES);
    text_line(" bytes]");
    return;
  }
  expected = count;
  received = 0;
  used = 0;
  text_put("m-[Expecting ");
  text_unsigned((uint32_t)count);
  text_line(" bytes]");
}

int input_take(void) {
  int was_used = used;
  used = 1;
  return !was_used;
}

static int hex_digit(char c) {
  unsigned digit = (unsigned)(c - '0');
  if (digit < 10) return (int)digit;
  unsigned letter = (unsigned)((c | 0x20) - 'a'); /* either case */
  return letter < 6 ? (int)letter + 10 : -1;
}

void input_hex(const char *digits) {
  int count = 0;
  for (const char *digit = digits; *digit; digit++, count++) {
    if (hex_digit(*digit) < 0) {
      text_line("e-[Not a hexadecimal digit, bytes ignored]");
      return;
    }
  }
  if (count % 2) {
    text_line("e-[Odd number of hexadecimal digits, bytes ignored]");
    return;
  }
  if (!expected) {
    text_line("e-[No db load before]");
    return;
  }
  for (; *digits && received < expected; digits += 2) {
    int value = hex_digit(digits[0]) << 4 | hex_digit(digits[1]);
    model_input[received++] = (int8_t)(value ^ MODEL_INPUT_XOR);
    if (received == expected) text_line("m-load-done");
  }
}

void input_print(int32_t count, int32_t offset) {
  if (offset < 0 || count < 0 || offset > MODEL_INPUT_BYTES || count > MODEL_INPUT_BYTES - offset) {
    text_line("e-[Outside the buffer]");
    return;
  }
  for (int32_t i = 0; i < count; i++) {
    text_put(i % 8 ? "-" : "m-buffer-");
    text_hex_byte((uint8_t)(model_input[offset + i] ^ MODEL_INPUT_XOR));
    if (i % 8 == 7 || i == count - 1) text_end_line();
  }
}
