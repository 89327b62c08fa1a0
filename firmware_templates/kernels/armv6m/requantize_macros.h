/* Macros of exact requantisation for Cortex-M0, whose multiplier gives the low 32 bits only.
 *
 * TFLite rounds twice: high = floor((acc * m + 2^30) / 2^31), then high / 2^s with halves away from zero, which is
 * floor((high - (acc < 0) + 2^(s-1)) / 2^s). As floors nest, with t = floor(acc * m / 2^k) and k < 31 this is
 *   (t + 2^(30-k) - (acc < 0) * 2^(31-k) + 2^(30-k+s) + (zero << s')) >> s',   s' = s + 31 - k,
 * and t comes from parts of m so short that their products with acc fit 32 bits:
 *   wide:   8 + 8 + 8 + 7 bits, k = 24, |acc| < 2^23;
 *   narrow: 11 + 11 + 9 bits, k = 22, |acc| <= 2^20. Where outputs below 0 are clamped (zero point -128), the
 *           term of negative acc changes nothing and is left out.
 * Each channel has two words in the stream of weights: bias << 8 | s', then m. The 32-bit result is the output
 * plus 128, before the clamp. */

.macro NARROW_PARTS m, m1, m2 /* m becomes its lowest part */
  lsrs \m2, \m, #22
  lsls \m1, \m, #10
  lsrs \m1, \m1, #21
  lsls \m, \m, #21
  lsrs \m, \m, #21
.endm

.macro NARROW_HIGH acc, m0, m1, m2 /* m0 = floor(acc * m / 2^22); acc and the parts are lost */
  muls \m0, \acc
  asrs \m0, \m0, #11
  muls \m1, \acc
  adds \m0, \m0, \m1
  asrs \m0, \m0, #11
  muls \m2, \acc
  adds \m0, \m0, \m2
.endm

.macro WIDE_PARTS m, m0, m1, m3 /* m becomes its third part */
  uxtb \m0, \m
  lsrs \m3, \m, #24
  rev16 \m, \m
  uxtb \m1, \m
  lsrs \m, \m, #24
.endm

.macro WIDE_HIGH acc, m0, m1, m2, m3 /* m0 = floor(acc * m / 2^24) - (acc < 0) * 128; acc and the parts are lost */
  muls \m0, \acc
  asrs \m0, \m0, #8
  muls \m1, \acc
  adds \m0, \m0, \m1
  asrs \m0, \m0, #8
  muls \m2, \acc
  adds \m0, \m0, \m2
  asrs \m0, \m0, #8
  muls \m3, \acc
  adds \m0, \m0, \m3
  asrs \acc, \acc, #31
  lsls \acc, \acc, #7
  adds \m0, \m0, \acc
.endm

/* Output plus 128 -> int8; the same cycles for every value. */
.macro CLAMP value, mask
  asrs \mask, \value, #31
  bics \value, \mask
  subs \value, #255
  asrs \mask, \value, #31
  ands \value, \mask
  adds \value, #127
.endm
