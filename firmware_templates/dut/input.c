#include "input.h"

#include "checksum.h"
#include "model.h"
#include "rebuilding.h"
#include "text.h"

#if MODEL_REBUILDS_INPUT
#define SAMPLE_BYTES (4 * MODEL_INPUT_BYTES)
static uint32_t arriving, arrived; /* the float32 under way: with this command's bytes, and without them */
#else
#define SAMPLE_BYTES MODEL_INPUT_BYTES
#endif

static int32_t expected, received;
static int32_t digits; /* in the command under way */
static int wrong; /* below 0 when one of them was none */
static int used; /* whether an inference has run on the sample; at boot it is zeros and new */

void input_begin(int32_t count) {
  if (count <= 0 || count > SAMPLE_BYTES) {
    text_put("e-[db load takes 1 to ");
    text_unsigned(SAMPLE_BYTES);
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

int input_follows(const char *line, char character) {
  return line[0] == 'd' && line[1] == 'b' && line[2] == ' ' && hex_digit(character) >= 0;
}

/* The high or low half of the sample's byte `at`. */
static void put_digit(int32_t at, int low, uint32_t value) {
#if MODEL_REBUILDS_INPUT
  int32_t shift = at % 4 * 8 + (low ? 0 : 4);
  arriving = (arriving & ~(15u << shift)) | value << shift;
  if (at % 4 == 3 && low) model_input[at / 4] = rebuilding_quantize(arriving);
#else
  model_input[at] = (int8_t)(low ? (uint32_t)model_input[at] | value : value * 16 ^ MODEL_INPUT_XOR);
#endif
}

void input_digit(char character) {
  if (character == ' ') return;
  int value = hex_digit(character);
  wrong |= value;
  /* What is refused in the end lies beyond what counts and is written again. */
  int32_t at = received + digits / 2;
  if (at < expected) put_digit(at, digits % 2, (uint32_t)value);
  digits++;
}

static void accept(void) {
  received += digits / 2;
#if MODEL_REBUILDS_INPUT
  arrived = arriving;
#endif
}

void input_end(void) {
  if (wrong < 0 || digits % 2) {
    text_line("e-[Not whole bytes in hexadecimal digits: ignored]");
  } else if (!expected) {
    text_line("e-[No db load before]");
  } else if (received < expected) {
    accept();
    if (received >= expected) text_line("m-load-done");
  }
#if MODEL_REBUILDS_INPUT
  arriving = arrived; /* what was refused is forgotten */
#endif
  digits = 0;
  wrong = 0;
}

uint32_t input_check(void) {
  used = 0;
  return checksum(model_input, MODEL_INPUT_BYTES);
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
