#include "rebuilding.h"

#include "model.h"

#if MODEL_REBUILDS_INPUT

/* value / 2^shift to the nearest, at most `limit`, for any shift. */
static uint32_t shifted(uint64_t value, int32_t shift, uint32_t limit) {
  if (shift > 63) return 0;
  if (shift > 0) value = ((value >> (shift - 1)) + 1) >> 1;
  return shift < 0 || value > limit ? limit : (uint32_t)value;
}

int8_t rebuilding_quantize(uint32_t bits) {
  /* A float32 is mantissa * 2^(exponent - 150); those too small for the leading one are nearest to zero. */
  int32_t exponent = (int32_t)(bits >> 23 & 255u);
  uint32_t mantissa = exponent ? (bits & 0x7FFFFFu) | 0x800000u : 0;
  uint64_t product = (uint64_t)mantissa * MODEL_STEPS_MULTIPLIER;
  int32_t steps = (int32_t)shifted(product, MODEL_STEPS_SHIFT + 150 - exponent, 512);
  int32_t value = (bits >> 31 ? -steps : steps) + MODEL_INPUT_ZERO_POINT;
  return (int8_t)(value < -128 ? -128 : value > 127 ? 127 : value);
}

int32_t rebuilding_error(const int8_t *output) {
  uint64_t sum = 0; /* a difference has 27 bits, and there are 1,024 of them at most */
  for (int32_t i = 0; i < MODEL_INPUT_BYTES; i++) {
    int32_t difference = (output[i] - MODEL_OUTPUT_ZERO_POINT) * MODEL_OUTPUT_WEIGHT -
                         (model_input[i] - MODEL_INPUT_ZERO_POINT) * MODEL_INPUT_WEIGHT;
    uint32_t size = (uint32_t)(difference < 0 ? -difference : difference);
    sum += (uint64_t)size * size;
  }
  int32_t shift = MODEL_ERROR_SHIFT;
  for (; sum >> 32; sum >>= 1) shift--;
  return (int32_t)shifted(sum * MODEL_ERROR_MULTIPLIER, shift, INT32_MAX);
}

#endif
