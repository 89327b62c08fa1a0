/* Addition of two maps for Cortex-M4.
 *
 * TFLite adds both at 2^20 times a common scale, twice the larger one. So the first operand, the one of the
 * larger scale, is halved, which is exact; the second is multiplied and rounded twice. SMMLSR by -2^(32-s) does
 * the second rounding for s >= 1 and adds the first operand. */
#ifdef __ARM_FEATURE_DSP
#include "requantize_macros.h"
.syntax unified
.thumb

/* void armv7em_add(const int32_t constants[7], const int8_t *a, const int8_t *b, int8_t *out, int32_t pairs)
 * constants: -zero_point_a << 19, -zero_point_b << 20, multiplier of b (2m - 2^32), -2^(32-s) of b,
 * multiplier, power and zero point of the output.
 * r0 a, r1 b, r2 out, r3 r12 first operands and sums, r11 lr second operands, r4-r10 constants */
.section .text.armv7em_add, "ax", %progbits
.balign 4
.global armv7em_add
.type armv7em_add, %function
.thumb_func
armv7em_add:
  push {r4-r11, lr}
  sub sp, #4
  ldmia r0, {r4-r10}
  mov r0, r1
  mov r1, r2
  mov r2, r3
  ldr r3, [sp, #40]
  add r3, r0, r3, lsl #1
  str r3, [sp]
1:
  ldrsb r3, [r0]
  ldrsb r12, [r0, #1]
  ldrsb r11, [r1]
  ldrsb lr, [r1, #1]
  add r3, r4, r3, lsl #19
  add r12, r4, r12, lsl #19
  add r11, r5, r11, lsl #20
  add lr, r5, lr, lsl #20
  smmlar r11, r11, r6, r11
  smmlar lr, lr, r6, lr
  add r11, r11, r11, asr #31
  add lr, lr, lr, asr #31
  smmlsr r3, r11, r7, r3
  smmlsr r12, lr, r7, r12
  REQUANTIZE_2 r3, r12, r8, r9, r10
  strb r3, [r2]
  strb r12, [r2, #1]
  ldr r3, [sp]
  adds r0, #2
  adds r1, #2
  adds r2, #2
  cmp r0, r3
  bne 1b
  add sp, #4
  pop {r4-r11, pc}
.size armv7em_add, . - armv7em_add
#endif
