/* 3x3 depthwise convolution of one channel for Cortex-M4.
 *
 * The plane holds the padded channel as 16-bit values, two columns to a word; the words of all lines of one such
 * pair stand together, so the three lines of a window are three neighbouring words. */
#ifdef __ARM_FEATURE_DSP
#include "offsets.h"
#include "requantize_macros.h"
.syntax unified
.thumb

.macro GATHER_FOUR
  ldrsb r7, [r4]
  ldrsb r8, [r4, r1]
  ldrsb r9, [r4, r1, lsl #1]
  ldrsb r10, [r4, r6]
  add r4, r4, r1, lsl #2
  pkhbt r7, r7, r8, lsl #16
  pkhbt r9, r9, r10, lsl #16
  str r7, [r5]
  add r5, r5, r11
  str r9, [r5]
  add r5, r5, r11
.endm

/* void armv7em_gather_plane(const gather_t *g, const int8_t *in, int16_t *plane)
 * r0 in of the line, r1 step, r2 plane of the line, r3 inputs left, r4 values' address, r5 plane's address,
 * r6 3 * step, r7-r10 values, r11 bytes between pairs, r12 lines left, lr gather */
.section .text.armv7em_gather_plane, "ax", %progbits
.balign 4
.global armv7em_gather_plane
.type armv7em_gather_plane, %function
.thumb_func
armv7em_gather_plane:
  push {r4-r11, lr}
  mov lr, r0
  mov r0, r1
  ldr r1, [lr, #G_STEP]
  ldr r12, [lr, #G_LINES]
  ldr r11, [lr, #G_PAIR_STEP]
  add r6, r1, r1, lsl #1
1:
  ldr r3, [lr, #G_LENGTH]
  ldr r7, [lr, #G_PAD_START]
  mov r4, r0
  mov r5, r2
  cbz r7, 2f
  ldrsb r7, [r4]
  strh r7, [r5, #2]
  add r4, r4, r1
  add r5, r5, r11
  subs r3, #1
2:
  subs r3, #8
  blt 4f
3:
  GATHER_FOUR
  GATHER_FOUR
  subs r3, #8
  bge 3b
4:
  adds r3, #4
  blt 5f
  GATHER_FOUR
  subs r3, #4
5:
  adds r3, #2
  blt 6f
  ldrsb r7, [r4]
  ldrsb r8, [r4, r1]
  add r4, r4, r1, lsl #1
  pkhbt r7, r7, r8, lsl #16
  str r7, [r5]
  add r5, r5, r11
  subs r3, #2
6:
  adds r3, #1
  blt 7f
  ldrsb r7, [r4]
  strh r7, [r5]
7:
  ldr r7, [lr, #G_LINE_STEP]
  adds r2, #4
  add r0, r0, r7
  subs r12, #1
  bne 1b
  pop {r4-r11, pc}
.size armv7em_gather_plane, . - armv7em_gather_plane

/* Sums of a line are stored, then requantised: all registers of either loop are taken.
 *
 * void armv7em_depthwise_lines_1(lines_t *l)   stride 1, two neighbouring outputs at a time
 * void armv7em_depthwise_lines_2(lines_t *l)   stride 2, one at a time
 * first loop: r0 plane, r1 lr sums (lr bias with stride 2), r2 sums' address, r3 bytes between pairs with the
 * steps left above 16 bits, r4-r9 weights (w0, w1), (w1, w2) of three lines, r10-r12 inputs of three lines
 * second loop: r0 sums' address, r1 out, r2 step, r3 outputs left, r4-r7 values, r8 multiplier, r9 power,
 * r10 zero point, r11 3 * step
 * the stack holds l and the bias */
.macro SUM_TWO_OUTPUTS
  ldr r1, [sp, #4]
  smlatb lr, r10, r4, r1
  smlad r1, r10, r4, r1
  smlatb lr, r11, r6, lr
  smlad r1, r11, r6, r1
  smlatb lr, r12, r8, lr
  smlad r1, r12, r8, r1
  ldmia r0, {r10-r12}
  uxtah r0, r0, r3
  smlabt r1, r10, r5, r1
  smlad lr, r10, r5, lr
  smlabt r1, r11, r7, r1
  smlad lr, r11, r7, lr
  smlabt r1, r12, r9, r1
  smlad lr, r12, r9, lr
  str r1, [r2], #8
  str lr, [r2, #-4]
.endm

.macro SUM_ONE_OUTPUT
  smlad r1, r10, r4, lr
  smlad r1, r11, r6, r1
  smlad r1, r12, r8, r1
  ldmia r0, {r10-r12}
  uxtah r0, r0, r3
  smlabt r1, r10, r5, r1
  smlabt r1, r11, r7, r1
  smlabt r1, r12, r9, r1
  str r1, [r2], #4
.endm

.macro REQUANTIZE_FOUR
  ldmia r0!, {r4-r7}
  REQUANTIZE_2 r4, r5, r8, r9, r10
  REQUANTIZE_2 r6, r7, r8, r9, r10
  strb r4, [r1]
  strb r5, [r1, r2]
  strb r6, [r1, r2, lsl #1]
  strb r7, [r1, r11]
  add r1, r1, r2, lsl #2
.endm

.macro DEPTHWISE_LINES stride
.section .text.armv7em_depthwise_lines_\stride, "ax", %progbits
.balign 4
.global armv7em_depthwise_lines_\stride
.type armv7em_depthwise_lines_\stride, %function
.thumb_func
armv7em_depthwise_lines_\stride:
  ldr r1, [r0, #L_BIAS]
  push {r0, r1, r4-r11, lr}
  ldr r12, [r0, #L_TAPS]
  ldrsb r4, [r12]
  ldrsb r5, [r12, #1]
  ldrsb r1, [r12, #2]
  ldrsb r6, [r12, #3]
  ldrsb r7, [r12, #4]
  ldrsb r2, [r12, #5]
  ldrsb r8, [r12, #6]
  ldrsb r9, [r12, #7]
  ldrsb r3, [r12, #8]
  pkhbt r4, r4, r5, lsl #16
  pkhbt r5, r5, r1, lsl #16
  pkhbt r6, r6, r7, lsl #16
  pkhbt r7, r7, r2, lsl #16
  pkhbt r8, r8, r9, lsl #16
  pkhbt r9, r9, r3, lsl #16
  add r12, r0, #L_WEIGHTS
  stmia r12, {r4-r9}
1:
  ldr r2, [r0, #L_SUMS]
  ldr r3, [r0, #L_STEPS]
  ldr r1, [r0, #L_PLANE]
  adds r0, #L_WEIGHTS
  ldmia r0, {r4-r9}
  ldmia r1, {r10-r12}
  uxtah r0, r1, r3
.if \stride == 1
  tst r3, #0x10000
  beq 3f /* an odd number of steps begins in the middle */
2:
  SUM_TWO_OUTPUTS
3:
  SUM_TWO_OUTPUTS
  subs r3, #0x20000
  bpl 2b
.else
  ldr lr, [sp, #4]
  tst r3, #0x10000
  beq 3f
2:
  SUM_ONE_OUTPUT
3:
  SUM_ONE_OUTPUT
  subs r3, #0x20000
  bpl 2b
.endif
  ldr r4, [sp]
  ldr r0, [r4, #L_SUMS]
  ldr r1, [r4, #L_OUT]
  ldr r2, [r4, #L_STEP]
  ldr r3, [r4, #L_LENGTH]
  ldr r8, [r4, #L_MULTIPLIER]
  ldr r9, [r4, #L_POWER]
  ldr r10, [r4, #L_ZERO_POINT]
  add r11, r2, r2, lsl #1
  subs r3, #8
  blt 5f
4:
  REQUANTIZE_FOUR
  REQUANTIZE_FOUR
  subs r3, #8
  bge 4b
5:
  adds r3, #4
  blt 6f
  REQUANTIZE_FOUR
  subs r3, #4
6:
  adds r3, #2
  blt 7f
  ldmia r0!, {r4, r5}
  REQUANTIZE_2 r4, r5, r8, r9, r10
  strb r4, [r1]
  strb r5, [r1, r2]
  add r1, r1, r2, lsl #1
  subs r3, #2
7:
  adds r3, #1
  blt 8f
  ldr r4, [r0]
  REQUANTIZE r4, r8, r9, r10
  strb r4, [r1]
8:
  ldr r0, [sp]
  ldr r1, [r0, #L_OUT]
  ldr r2, [r0, #L_LINE_STEP]
  ldr r3, [r0, #L_PLANE]
  ldr r4, [r0, #L_LINES]
  add r1, r1, r2
  adds r3, #(4 * \stride)
  str r1, [r0, #L_OUT]
  str r3, [r0, #L_PLANE]
  subs r4, #1
  str r4, [r0, #L_LINES]
  bne 1b
  pop {r0, r1, r4-r11, pc}
.size armv7em_depthwise_lines_\stride, . - armv7em_depthwise_lines_\stride
.endm

DEPTHWISE_LINES 1
DEPTHWISE_LINES 2
#endif
