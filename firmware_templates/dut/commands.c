#include "commands.h"

#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "checksum.h"
#include "clock.h"
#include "divide.h"
#include "input.h"
#include "memory.h"
#include "model.h"
#include "port.h"
#include "rebuilding.h"
#include "stack.h"
#include "text.h"

#define MOST_ARGUMENTS 3

static uint64_t last_infer_cycles;

#if MODEL_KEEPS_INPUT
static void keep_result(void) {}
static const int8_t *result(void) { return model_output; }
#else
/* The input's memory serves other layers, so what the first inference of a sample gave is kept;
 * further ones take as long and give nothing new. */
static int8_t kept_result[MODEL_OUTPUT_BYTES];
static void keep_result(void) {
  if (input_take()) memcpy(kept_result, model_output, MODEL_OUTPUT_BYTES);
}
static const int8_t *result(void) { return kept_result; }
#endif

static void infer(int32_t times) {
  while (times--) {
    model_run();
    keep_result();
    clock_cycles(); /* keeps the wrapping counter followed in long windows */
  }
}

/* Whether `word` is the first word of `entry`. */
static int names(const char *entry, const char *word) {
  while (*word && *entry == *word) entry++, word++;
  return !*word && (!*entry || *entry == ' ');
}

/* The decimal number that `word` says, `missing` for NULL, -1 for anything else and above nine digits. */
static int32_t number(const char *word, int32_t missing) {
  if (!word) return missing;
  int32_t value = 0;
  for (int count = 0; word[count]; count++) {
    unsigned digit = (unsigned)(word[count] - '0');
    if (digit > 9 || count == 9) return -1;
    value = value * 10 + (int32_t)digit;
  }
  return value;
}

static void begin_extra(const char *name) {
  text_put("m-x-");
  text_put(name);
  text_put("-[");
}

static void end_list(void) { text_line("]"); }

static void next_number(uint64_t value) {
  text_put(",");
  text_unsigned(value);
}

static void pair(const char *name, uint64_t first, uint64_t second) {
  begin_extra(name);
  text_unsigned(first);
  next_number(second);
  end_list();
}

static void count_line(const char *text, uint64_t count) {
  text_put(text);
  text_unsigned(count);
  text_end_line();
}

/* The time stamps of a window. Lines go out after it, so that no time on the serial line is inside; a meter sees
 * the pin at once. */
#if BOARD_ENERGY_MODE
static void stamp(void) { port_pulse(); }
static void lap_line(uint64_t cycles) { (void)cycles; }
#else
static void stamp(void) {}
static void lap_line(uint64_t cycles) { count_line("m-lap-us-", clock_us(cycles)); }
#endif

void command_timestamp(void) {
  stamp();
  lap_line(clock_cycles());
}

static void run_name(char **arguments) {
  (void)arguments;
  text_line("m-name-dut-[" BOARD_NAME "]");
}

static void run_timestamp(char **arguments) {
  (void)arguments;
  command_timestamp();
}

static void run_profile(char **arguments) {
  (void)arguments;
  text_line("m-profile-[ULPMark for tinyML Firmware V0.0.1]");
  text_line("m-model-[" MODEL_ID "]");
}

static void run_db(char **arguments) {
  const char *what = arguments[0];
  if (!what) {
    text_line("e-[db needs load N, print or hex digits]");
  } else if (names("load", what)) {
    input_begin(number(arguments[1], 0));
  } else if (names("print", what)) {
    input_print(number(arguments[1], MODEL_INPUT_BYTES), number(arguments[2], 0));
  } else {
    while (*what) input_digit(*what++);
    input_end();
  }
}

#if MODEL_REBUILDS_INPUT
static void put_results(void) { text_thousandths(rebuilding_error(result())); }
#else
/* Dequantised outputs, cut to thousandths. The scale is split, so that no product leaves 32 bits. */
static void put_results(void) {
  for (int i = 0; i < MODEL_OUTPUT_BYTES; i++) {
    if (i) text_put(",");
    int32_t steps = result()[i] - MODEL_OUTPUT_ZERO_POINT;
    uint32_t size = (uint32_t)(steps < 0 ? -steps : steps);
    uint64_t fraction = size * (uint32_t)(MODEL_OUTPUT_SCALE_E9 % 1000000);
    divide(&fraction, 1000000);
    int32_t thousandths = (int32_t)(size * (uint32_t)(MODEL_OUTPUT_SCALE_E9 / 1000000) + (uint32_t)fraction);
    text_thousandths(steps < 0 ? -thousandths : thousandths);
  }
}
#endif

static void run_results(char **arguments) {
  (void)arguments;
  text_put("m-results-[");
  put_results();
  end_list();
}

static void run_infer(char **arguments) {
  int32_t iterations = number(arguments[0], 1);
  int32_t warmup = number(arguments[1], 10);
  if (iterations <= 0) {
    text_line("e-[Inference iterations must be >0]");
    return;
  }
  if (warmup < 0) {
    text_line("e-[Inference warmup must be >=0]");
    return;
  }
  count_line("m-warmup-start-", (uint32_t)warmup);
  infer(warmup);
  text_line("m-warmup-done");
  count_line("m-infer-start-", (uint32_t)iterations);
  stamp();
  uint64_t begin = clock_cycles();
  infer(iterations);
  uint64_t end = clock_cycles();
  stamp();
  lap_line(begin);
  lap_line(end);
  last_infer_cycles = end - begin;
  text_line("m-infer-done");
  run_results(arguments);
}

static void run_info(char **arguments) {
  (void)arguments;
  begin_extra("info");
  text_put(image_info);
  end_list();
}

static void run_cycles(char **arguments) {
  (void)arguments;
  pair("cycles", last_infer_cycles, BOARD_CLOCK_HZ);
}

static void put_word(uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8) text_hex_byte((uint8_t)(word >> shift));
}

static void run_output(char **arguments) {
  (void)arguments;
  begin_extra("output");
  for (int i = 0; i < MODEL_OUTPUT_BYTES; i++) text_hex_byte((uint8_t)result()[i]);
  text_put(",");
  put_word(checksum(result(), MODEL_OUTPUT_BYTES));
  end_list();
}

/* The CRC-32 of the sample, which a debugger may have put there, and on request what the model says of it at once. */
static void run_sample(char **arguments) {
  uint32_t crc = input_check();
  begin_extra("sample");
  put_word(crc);
  end_list();
  if (!arguments[0]) return;
  infer(1);
  run_output(arguments);
}

static void run_memory(char **arguments) {
  (void)arguments;
  pair("memory", stack_high_water_bytes(), stack_reserved_bytes());
}

static void run_layers(char **arguments) {
  (void)arguments;
  uint32_t start = port_cycles();
  uint32_t reading = port_cycles() - start; /* what it costs to read the counter is not the layer's */
  for (int i = 0; i < MODEL_LAYERS; i++) {
    uint32_t begin = port_cycles();
    model_layers[i].run();
    uint32_t cycles = port_cycles() - begin - reading;
    clock_cycles();
    begin_extra("layer");
    text_unsigned((uint32_t)i);
    text_put(",");
    text_put(model_layers[i].name);
    next_number(cycles);
    end_list();
  }
  keep_result();
}

static void run_help(char **arguments);

/* Each command with its arguments, as `help` shows them. */
static const struct {
  const char *usage;
  void (*run)(char **arguments);
} commands[] = {
    {"name", run_name},
    {"profile", run_profile},
    {"timestamp", run_timestamp},
    {"help", run_help},
    {"db load N, db HH.., db print [N] [offset]", run_db},
    {"infer N [W] (W warm-up runs, 10 by default)", run_infer},
    {"results", run_results},
    {"x-info", run_info},
    {"x-cycles", run_cycles},
    {"x-output", run_output},
    {"x-memory", run_memory},
    {"x-sample [run]", run_sample},
    {"x-profile", run_layers},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static void run_help(char **arguments) {
  (void)arguments;
  for (unsigned i = 0; i < COMMANDS; i++) text_line(commands[i].usage);
}

/* Ends the next word of *rest in place and gives it; NULL when there is none. */
static char *next_word(char **rest) {
  char *word = *rest;
  while (*word == ' ') word++;
  if (!*word) return NULL;
  char *end = word;
  while (*end && *end != ' ') end++;
  *rest = *end ? end + 1 : end;
  *end = 0;
  return word;
}

void command_run(char *line) {
  char *word = next_word(&line);
  if (!word) return; /* a lone % only asks for m-ready */
  char *arguments[MOST_ARGUMENTS];
  for (int i = 0; i < MOST_ARGUMENTS; i++) arguments[i] = next_word(&line);
  for (unsigned i = 0; i < COMMANDS; i++) {
    if (names(commands[i].usage, word)) {
      commands[i].run(arguments);
      return;
    }
  }
  text_put("e-[Unknown command: ");
  text_put(word);
  end_list();
}
