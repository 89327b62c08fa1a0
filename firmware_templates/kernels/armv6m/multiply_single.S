/* The matrix product for Cortex-M0 with one column: four output channels a step.
 *
 * A word of weights is (a + 256 * b) + 65536 * (c + 256 * d), both halves signed: extending a half or its low byte
 * costs one instruction. A half times the input sums up to A + 256 * B, the low byte to A, and their difference
 * is B, exact because |B| < 2^23.
 *
 * Stream for each four channels (absent ones are zero): a word for each input, in the order 0 3 1 2 of each four;
 * then for each channel bias << 8 | s', for the wide form of requantize_macros.h, and its multiplier unless the
 * parameters point to one for all. */
#ifdef __ARM_ARCH_6M__
#include "offsets.h"
#include "requantize_macros.h"
.syntax unified
.thumb

#define S_COLUMN 0
#define S_END 4 /* of the column */
#define S_OUT 8
#define S_OUT_END 12
#define S_ZERO 16 /* 2 * (zero point + 128) + 1 */
#define S_FIRST 20 /* address of the step to begin with */
#define S_SUMS 24
#define S_MULTIPLIER 40 /* or 0 */
#define FRAME 44

.macro FOUR_PRODUCTS weights, input
  sxtb r6, \weights
  muls r6, \input
  add r8, r6
  sxth r6, \weights
  muls r6, \input
  add r9, r6
  asrs \weights, \weights, #16
  sxtb r6, \weights
  muls r6, \input
  add r10, r6
  muls \weights, \input
  add r11, \weights
.endm

.macro FOUR_INPUTS
  ldm r0!, {r2}
  ldm r1!, {r4, r5}
  sxtb r3, r2
  FOUR_PRODUCTS r4, r3
  asrs r3, r2, #24
  FOUR_PRODUCTS r5, r3
  ldm r1!, {r4, r5}
  rev16 r2, r2
  sxtb r3, r2
  FOUR_PRODUCTS r4, r3
  asrs r3, r2, #24
  FOUR_PRODUCTS r5, r3
.endm

/* void armv6m_multiply_single(const product_params_t *p, const int8_t *column, int8_t *out)
 * r0 column, r1 stream, r2 inputs, r3 input, r4 r5 weights, r6 product, r8-r11 sums, r12 end of the column */
.section .text.armv6m_multiply_single, "ax", %progbits
.balign 4
.global armv6m_multiply_single
.type armv6m_multiply_single, %function
.thumb_func
armv6m_multiply_single:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  mov r7, r11
  push {r4-r7}
  sub sp, #FRAME
  str r1, [sp, #S_COLUMN]
  str r2, [sp, #S_OUT]
  movs r5, #P_OUT_CHANNELS
  ldrsh r4, [r0, r5]
  adds r4, r2, r4
  str r4, [sp, #S_OUT_END]
  movs r5, #P_OUT_ZERO_POINT
  ldrsh r4, [r0, r5]
  lsls r4, r4, #1
  adds r4, #255
  adds r4, #2
  str r4, [sp, #S_ZERO]
  ldrh r4, [r0, #P_DEPTH]
  adds r5, r1, r4
  str r5, [sp, #S_END]
  lsls r4, r4, #29
  adr r5, .Lfirst
  cmp r4, #0
  beq 1f
  adr r5, .Lsecond
1:
  str r5, [sp, #S_FIRST]
  ldr r4, [r0, #P_MULTIPLIER]
  cmp r4, #0
  beq 2f
  ldr r4, [r4]
2:
  str r4, [sp, #S_MULTIPLIER]
  ldr r1, [r0, #P_WEIGHTS]

.Lchannels:
  ldr r0, [sp, #S_COLUMN]
  ldr r2, [sp, #S_END]
  mov r12, r2
  movs r2, #0
  mov r8, r2
  mov r9, r2
  mov r10, r2
  mov r11, r2
  ldr r2, [sp, #S_FIRST]
  mov pc, r2
  .balign 4
.Lfirst:
  FOUR_INPUTS
  .balign 4
.Lsecond:
  FOUR_INPUTS
  cmp r0, r12
  beq 1f
  b .Lfirst
1:
  mov r2, r8
  mov r3, r9
  mov r4, r10
  mov r5, r11
  subs r3, r3, r2
  asrs r3, r3, #8
  subs r5, r5, r4
  asrs r5, r5, #8
  add r0, sp, #S_SUMS
  mov r8, r0
  stm r0!, {r2-r5}

.Lchannel: /* r8 address of the sum */
  ldm r1!, {r2}
  ldr r3, [sp, #S_MULTIPLIER]
  cmp r3, #0
  bne 2f
  ldm r1!, {r3}
2:
  mov r9, r1
  mov r4, r8
  ldm r4!, {r0}
  mov r8, r4
  asrs r4, r2, #8
  adds r4, r4, r0
  uxtb r2, r2
  WIDE_PARTS r3, r5, r6, r7
  WIDE_HIGH r4, r5, r6, r3, r7
  ldr r3, [sp, #S_ZERO]
  lsls r3, r2
  lsrs r3, r3, #1
  adds r3, #64
  adds r5, r5, r3
  asrs r5, r2
  CLAMP r5, r3
  ldr r0, [sp, #S_OUT]
  strb r5, [r0]
  adds r0, #1
  str r0, [sp, #S_OUT]
  ldr r2, [sp, #S_OUT_END]
  mov r1, r9
  cmp r0, r2
  beq .Lend
  add r2, sp, #(S_SUMS + 16)
  cmp r8, r2
  bne .Lchannel
  b .Lchannels

.Lend:
  add sp, #FRAME
  pop {r4-r7}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  mov r11, r7
  pop {r4-r7, pc}
.size armv6m_multiply_single, . - armv6m_multiply_single
#endif
