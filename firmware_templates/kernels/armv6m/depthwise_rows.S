/* 3x3 depthwise convolution of one channel for Cortex-M0: two output rows at once, two MACs a multiplication, in two
 * forms: where outputs below 0 are clamped (zero point -128), the sign of a sum changes nothing; else it does.
 *
 * A word of the plane is x_a + 65536 * x_b, inputs of two rows that serve two output rows of the same distance.
 * Products of one row of the window are summed in a word, S = a + 65536 * b, if its |w| sum up to 255 at most, else
 * those of the first two and the third on their own; the sums of both outputs are found as in multiply_pair.S,
 * where the bias takes the surplus of 2^15 in each S off. */
#ifdef __ARM_ARCH_6M__
#include "offsets.h"
#include "requantize_macros.h"
.syntax unified
.thumb

.macro ROW_OF_PRODUCTS
  ldm r0!, {r2-r4}
  ldm r1!, {r5-r7}
  muls r5, r2
  muls r6, r3
  muls r7, r4
  adds r5, r5, r6
.endm

.macro FLUSH sum
  add \sum, r12
  add r8, \sum
  asrs \sum, \sum, #16
  add r9, \sum
.endm

.macro FIRST_FLUSH
  add r5, r12
  mov r8, r5
  asrs r5, r5, #16
  mov r9, r5
.endm

/* r2 = the sum of S, r3 = B */
.macro LAST_FLUSH sum
  add \sum, r12
  mov r2, r8
  adds r2, r2, \sum
  asrs \sum, \sum, #16
  mov r3, r9
  adds r3, r3, \sum
.endm

#define S_CONSTANTS 0
#define S_ROUNDING 4 /* address of R_ADDEND */
#define S_ROWS 8
#define FRAME 12

/* What is taken off for a negative sum, in its place. */
.macro NEGATIVE acc
  asrs \acc, \acc, #31
  lsls \acc, \acc, #9
.endm

/* void armv6m_depthwise_rows_clamped(rows_t *r), void armv6m_depthwise_rows_signed(rows_t *r)
 * r0 plane, r1 constants, r2-r4 inputs, r5-r7 weights, r8 sum of S, r9 B, r10 where an output begins,
 * r11 output, r12 2^15, lr from one row of the window to the next */
.macro DEPTHWISE_ROWS form, is_signed
.section .text.armv6m_depthwise_rows\form, "ax", %progbits
.balign 4
.global armv6m_depthwise_rows\form
.type armv6m_depthwise_rows\form, %function
.thumb_func
armv6m_depthwise_rows\form:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  mov r7, r11
  push {r4-r7}
  sub sp, #FRAME
  mov r1, r0
  str r1, [sp, #S_CONSTANTS]
  adds r0, #R_ADDEND
  str r0, [sp, #S_ROUNDING]
  ldr r4, [r1, #R_SKIP]
  mov lr, r4
  ldr r4, [r1, #R_ROWS]
  str r4, [sp, #S_ROWS]
  ldr r0, [r1, #R_PLANE]
  ldr r4, [r1, #R_OUT]
  mov r11, r4
  movs r4, #1
  lsls r4, r4, #15
  mov r12, r4
  adr r4, .Ltogether\@
  movs r5, #R_ALONE
  ldr r5, [r1, r5]
  cmp r5, #0
  beq 1f
  adr r4, .Lalone\@
1:
  mov r10, r4
  mov pc, r4

  .balign 4
.Lalone\@:
  ROW_OF_PRODUCTS
  FIRST_FLUSH
  FLUSH r7
  add r0, lr
  ROW_OF_PRODUCTS
  FLUSH r5
  FLUSH r7
  add r0, lr
  ROW_OF_PRODUCTS
  FLUSH r5
  LAST_FLUSH r7
  b .Lsums\@
  .balign 4
.Ltogether\@:
  ROW_OF_PRODUCTS
  adds r5, r5, r7
  FIRST_FLUSH
  add r0, lr
  ROW_OF_PRODUCTS
  adds r5, r5, r7
  FLUSH r5
  add r0, lr
  ROW_OF_PRODUCTS
  adds r5, r5, r7
  LAST_FLUSH r5
.Lsums\@:
  lsls r6, r3, #16
  subs r2, r2, r6
  ldm r1!, {r4, r5}
  adds r2, r2, r4
  adds r3, r3, r5
  ldm r1!, {r4, r5, r6} /* parts of the multiplier */
  mov r7, r4
  muls r7, r2
  asrs r7, r7, #11
  mov r1, r5
  muls r1, r2
  adds r7, r7, r1
  asrs r7, r7, #11
  .if \is_signed
  mov r1, r6
  muls r1, r2
  adds r7, r7, r1
  NEGATIVE r2
  adds r2, r2, r7
  NARROW_HIGH r3, r4, r5, r6
  NEGATIVE r3
  adds r4, r4, r3
  .else
  muls r2, r6
  adds r2, r2, r7
  NARROW_HIGH r3, r4, r5, r6
  .endif
  ldr r1, [sp, #S_ROUNDING]
  ldm r1!, {r5, r6} /* addend, s' */
  adds r2, r2, r5
  adds r4, r4, r5
  asrs r2, r6
  asrs r4, r6
  CLAMP r2, r3
  CLAMP r4, r3
  ldm r1!, {r3, r5, r6, r7} /* delta, step, end of the row, back */
  mov r1, r11
  strb r4, [r1, r3] /* first, as delta is 0 where there is no second output */
  strb r2, [r1]
  adds r1, r1, r5
  mov r11, r1
  adds r0, r0, r7
  cmp r1, r6
  ldr r1, [sp, #S_CONSTANTS]
  beq 1f
  mov pc, r10
1:
  ldr r2, [r1, #R_NEXT_ROW]
  adds r0, r0, r2
  ldr r2, [r1, #R_ROW_BYTES]
  adds r6, r6, r2
  str r6, [r1, #R_ROW_END]
  ldr r2, [sp, #S_ROWS]
  subs r2, #1
  str r2, [sp, #S_ROWS]
  beq 2f
  mov pc, r10
2:
  add sp, #FRAME
  pop {r4-r7}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  mov r11, r7
  pop {r4-r7, pc}
.size armv6m_depthwise_rows\form, . - armv6m_depthwise_rows\form
.endm

DEPTHWISE_ROWS _clamped, 0
DEPTHWISE_ROWS _signed, 1

/* void armv6m_gather_rows(const gather_t *g, const int8_t *a, const int8_t *b, int32_t *plane)
 * Words a + 65536 * b of rows of one channel.
 * r0 a, r1 b, r2 r3 steps, r4 r5 inputs, r6 0, r7 plane, r8 row's end, r9 g, r10 rows */
.section .text.armv6m_gather_rows, "ax", %progbits
.balign 4
.global armv6m_gather_rows
.type armv6m_gather_rows, %function
.thumb_func
armv6m_gather_rows:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  push {r4-r6}
  mov r9, r0
  mov r7, r3
  ldr r4, [r0, #G_ROWS]
  mov r10, r4
  ldr r3, [r0, #G_STEP_B]
  ldr r4, [r0, #G_STEP_A]
  mov r0, r1
  mov r1, r2
  mov r2, r4
  movs r6, #0
.Lrow:
  mov r4, r9
  ldr r4, [r4, #G_LENGTH]
  lsls r5, r4, #2
  adds r5, r7, r5
  mov r8, r5
  lsrs r4, r4, #1
  bcs 2f
1:
  ldrsb r4, [r0, r6]
  ldrsb r5, [r1, r6]
  adds r0, r0, r2
  adds r1, r1, r3
  lsls r5, r5, #16
  adds r4, r4, r5
  stm r7!, {r4}
2:
  ldrsb r4, [r0, r6]
  ldrsb r5, [r1, r6]
  adds r0, r0, r2
  adds r1, r1, r3
  lsls r5, r5, #16
  adds r4, r4, r5
  stm r7!, {r4}
  cmp r7, r8
  bne 1b
  mov r4, r9
  ldr r5, [r4, #G_ROW_A]
  adds r0, r0, r5
  ldr r5, [r4, #G_ROW_B]
  adds r1, r1, r5
  ldr r5, [r4, #G_PADDING]
  adds r7, r7, r5
  mov r4, r10
  subs r4, #1
  mov r10, r4
  bne .Lrow
  pop {r4-r6}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  pop {r4-r7, pc}
.size armv6m_gather_rows, . - armv6m_gather_rows
#endif
