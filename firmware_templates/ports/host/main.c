/* The model on the host: raw input tensors from standard input, raw output tensors to standard output. */
#include <stdio.h>

#include "model.h"

int main(void) {
  while (fread(model_input, 1, MODEL_INPUT_BYTES, stdin) == MODEL_INPUT_BYTES) {
    model_run();
    if (fwrite(model_output, 1, MODEL_OUTPUT_BYTES, stdout) != MODEL_OUTPUT_BYTES) return 1;
  }
  return 0;
}
