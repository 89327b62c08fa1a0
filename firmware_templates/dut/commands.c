#include "commands.h"

#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "clock.h"
#include "input.h"
#include "memory.h"
#include "model.h"
#include "stack.h"
#include "text.h"

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

static void infer(void) {
  model_run();
  keep_result();
}

static int same(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a == *b;
}

/* Next word of *rest, ended in place; NULL when there is none. */
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

/* A decimal number of at most nine digits with an optional minus, or `missing` for NULL; *ok is 0 for others. */
static int32_t parse_number(const char *word, int32_t missing, int *ok) {
  *ok = 1;
  if (!word) return missing;
  int negative = *word == '-';
  const char *digit = word + negative;
  int32_t value = 0;
  int count = 0;
  for (; *digit >= '0' && *digit <= '9' && count < 9; digit++, count++) value = value * 10 + (*digit - '0');
  *ok = count > 0 && !*digit;
  return negative ? -value : value;
}

static void lap_line(uint64_t cycles) {
  text_put("m-lap-us-");
  text_unsigned(clock_us(cycles));
  text_end_line();
}

void command_timestamp(void) { lap_line(clock_cycles()); }

static void run_name(char *rest) {
  (void)rest;
  text_line("m-name-dut-[" BOARD_NAME "]");
}

static void run_timestamp(char *rest) {
  (void)rest;
  command_timestamp();
}

static void run_profile(char *rest) {
  (void)rest;
  text_line("m-profile-[ULPMark for tinyML Firmware V0.0.1]");
  text_line("m-model-[" MODEL_ID "]");
}

static void run_help(char *rest) {
  (void)rest;
  text_line("commands, each ended by %:");
  text_line("name, profile, timestamp, help");
  text_line("db load N, db HH.., db print [N] [offset]");
  text_line("infer N [W] (W warm-up runs, 10 by default), results");
  text_line("x-info, x-cycles, x-output, x-memory, x-profile");
}

static void run_db(char *rest) {
  char *word = next_word(&rest);
  int ok, offset_ok;
  if (!word) {
    text_line("e-[db needs load N, print or hex digits]");
  } else if (same(word, "load")) {
    int32_t count = parse_number(next_word(&rest), 0, &ok);
    input_begin(ok ? count : 0);
  } else if (same(word, "print")) {
    int32_t count = parse_number(next_word(&rest), MODEL_INPUT_BYTES, &ok);
    int32_t offset = parse_number(next_word(&rest), 0, &offset_ok);
    if (ok && offset_ok)
      input_print(count, offset);
    else
      text_line("e-[db print takes a count and an offset]");
  } else {
    input_hex(word);
  }
}

static void print_results(void) {
  text_put("m-results-[");
  for (int i = 0; i < MODEL_OUTPUT_BYTES; i++) {
    if (i) text_put(",");
    int64_t billionths = (int64_t)(result()[i] - MODEL_OUTPUT_ZERO_POINT) * MODEL_OUTPUT_SCALE_E9;
    text_thousandths((int32_t)(billionths / 1000000));
  }
  text_line("]");
}

static void run_results(char *rest) {
  (void)rest;
  print_results();
}

static void count_line(const char *text, int32_t count) {
  text_put(text);
  text_signed(count);
  text_end_line();
}

static void run_infer(char *rest) {
  int ok, warmup_ok;
  int32_t iterations = parse_number(next_word(&rest), 1, &ok);
  int32_t warmup = parse_number(next_word(&rest), 10, &warmup_ok);
  if (!ok || iterations <= 0) {
    text_line("e-[Inference iterations must be >0]");
    return;
  }
  if (!warmup_ok || warmup < 0) {
    text_line("e-[Inference warmup must be >=0]");
    return;
  }
  count_line("m-warmup-start-", warmup);
  for (int32_t i = 0; i < warmup; i++) {
    infer();
    clock_cycles();
  }
  text_line("m-warmup-done");
  count_line("m-infer-start-", iterations);
  uint64_t begin = clock_cycles();
  for (int32_t i = 0; i < iterations; i++) {
    infer();
    clock_cycles(); /* keeps the wrapping counter followed in long windows */
  }
  uint64_t end = clock_cycles();
  /* Both stamps are printed here, so that no time on the serial line is inside the window. */
  lap_line(begin);
  lap_line(end);
  last_infer_cycles = end - begin;
  text_line("m-infer-done");
  print_results();
}

static void run_info(char *rest) {
  (void)rest;
  text_put("m-x-info-[");
  text_put(image_info);
  text_line("]");
}

static void run_cycles(char *rest) {
  (void)rest;
  text_put("m-x-cycles-[");
  text_unsigned(last_infer_cycles);
  text_put(",");
  text_unsigned(BOARD_CLOCK_HZ);
  text_line("]");
}

static void run_output(char *rest) {
  (void)rest;
  text_put("m-x-output-[");
  for (int i = 0; i < MODEL_OUTPUT_BYTES; i++) text_hex_byte((uint8_t)result()[i]);
  text_line("]");
}

static void run_memory(char *rest) {
  (void)rest;
  text_put("m-x-memory-[");
  text_unsigned(stack_high_water_bytes());
  text_put(",");
  text_unsigned(stack_reserved_bytes());
  text_line("]");
}

static void run_layers(char *rest) {
  (void)rest;
  for (int i = 0; i < MODEL_LAYERS; i++) {
    uint64_t begin = clock_cycles();
    model_layers[i].run();
    uint32_t cycles = (uint32_t)(clock_cycles() - begin);
    text_put("m-x-layer-[");
    text_signed(i);
    text_put(",");
    text_put(model_layers[i].name);
    text_put(",");
    text_unsigned(cycles);
    text_line("]");
  }
  keep_result();
}

static const struct {
  const char *name;
  void (*run)(char *rest);
} commands[] = {
    {"name", run_name},       {"profile", run_profile}, {"timestamp", run_timestamp}, {"help", run_help},
    {"db", run_db},           {"infer", run_infer},     {"results", run_results},     {"x-info", run_info},
    {"x-cycles", run_cycles}, {"x-output", run_output}, {"x-memory", run_memory},     {"x-profile", run_layers},
};

void command_run(char *line) {
  char *rest = line;
  char *word = next_word(&rest);
  if (!word) return; /* a lone % only asks for m-ready */
  for (unsigned i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (same(word, commands[i].name)) {
      commands[i].run(rest);
      return;
    }
  }
  text_put("e-[Unknown command: ");
  text_put(word);
  text_line("]");
}
