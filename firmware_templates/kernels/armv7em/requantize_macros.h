/* Macros of exact requantisation for Cortex-M4.
 *
 * TFLite rounds twice: high = floor((acc * m + 2^30) / 2^31), then high / 2^s with halves away from zero.
 * SMMLAR gives floor((a * b + c * 2^32 + 2^31) / 2^32). With b = 2m - 2^32, which fits 32 bits because
 * m >= 2^30, and c = a it is the first rounding; with b = 2^(32-s), c = zero point and 1 taken off
 * negative values it is the second one with the zero point added. */

/* acc -> int8 in 32 bits; `m` holds 2m - 2^32, `power` 2^(32-s). */
.macro REQUANTIZE acc, m, power, zero_point
  smmlar \acc, \acc, \m, \acc
  add \acc, \acc, \acc, asr #31
  smmlar \acc, \acc, \power, \zero_point
  ssat \acc, #8, \acc
.endm

/* Two accumulators of one channel, interleaved. */
.macro REQUANTIZE_2 acc0, acc1, m, power, zero_point
  smmlar \acc0, \acc0, \m, \acc0
  smmlar \acc1, \acc1, \m, \acc1
  add \acc0, \acc0, \acc0, asr #31
  add \acc1, \acc1, \acc1, asr #31
  smmlar \acc0, \acc0, \power, \zero_point
  smmlar \acc1, \acc1, \power, \zero_point
  ssat \acc0, #8, \acc0
  ssat \acc1, #8, \acc1
.endm
