/* Models that rebuild their input, under EnergyRunner's id for them: float32 on the line, one error as the result.
 * All in integers: a library's floating-point routines take more flash than this. */
#ifndef REBUILDING_H
#define REBUILDING_H

#include <stdint.h>

/* The input tensor's value for a float32, given as its bits: to the nearest step, limited to int8. */
int8_t rebuilding_quantize(uint32_t bits);
/* Mean over the tensor of (output - input)^2, both as real values, in thousandths; limited to int32. */
int32_t rebuilding_error(const int8_t *output);

#endif
