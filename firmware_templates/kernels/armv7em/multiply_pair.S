/* The matrix product for Cortex-M4: blocks of four output channels by two pixels, two inputs deep a step.
 *
 * A word of weights holds two channels a and b at two depths, each half as a + 256 * b (signed). SMLAD of the
 * raw word sums A + 256 * B; SXTB16 leaves a alone for the sum A. So two channels cost one extension, and
 * B = (sum - A) >> 8 at the end, exact because |B| < 2^23 (checked when the weights are packed).
 *
 * Constants of four channels in the stream: biases as the sums begin, a, a + 256 * b, c, c + 256 * d; four
 * multipliers (2m - 2^32); four bytes 32 - s. Of the last one or two channels: two biases, two multipliers, bytes. */
#ifdef __ARM_FEATURE_DSP
#include "offsets.h"
#include "pack_macros.h"
#include "requantize_macros.h"
.syntax unified
.thumb

#define STEPS 16     /* in the unrolled loop */
#define STEP_BYTES 48 /* of its code */

/* The stack; first the last four arguments of armv7em_pack_rows. */
#define S_ROWS 0  /* of a window */
#define S_COUNT 4 /* inputs of a row; armv7em_pack_rows changes it */
#define S_COLUMN 8
#define S_REST 12
#define S_STREAM 16
#define S_ENTRY 20
#define S_FIRST 24 /* column less the skipped steps */
#define S_SKIP 28  /* bytes of columns and weights of the steps that the first pass skips */
#define S_END 32   /* of the column */
#define S_REMAINING 36
#define S_OUT 40 /* two pointers */
#define S_ZERO_POINT 48
#define S_WEIGHTS 52
#define S_CONSTANTS 56
#define S_CHANNELS 60 /* less 4 */
#define S_PAIRS 64    /* left */
#define S_IN 68       /* of the next pair, and so are the outputs */
#define S_NEXT_OUT 72
#define S_SEGMENT 76 /* inputs of a row of a window */
#define S_ROW 80     /* inputs of a row of the image */
#define S_IN_PIXEL 84 /* from pixel to pixel */
#define S_IN_STEP 88  /* from pair to pair */
#define S_OUT_STEP 92
#define FRAME 96

/* r0 parameters, r1 column: what stays the same for all pairs, to the stack. */
.macro SET_UP
  ldrsh r4, [r0, #P_DEPTH]
  ldr r5, [r0, #P_WEIGHTS]
  ldr r6, [r0, #P_STREAM]
  ldrsh r7, [r0, #P_OUT_ZERO_POINT]
  ldrsh r12, [r0, #P_OUT_CHANNELS]
  subs r5, #4 /* the last loads of a pass move both addresses on to 4 bytes before the next data */
  str r5, [sp, #S_WEIGHTS]
  str r6, [sp, #S_CONSTANTS]
  str r7, [sp, #S_ZERO_POINT]
  sub r12, #4
  str r12, [sp, #S_CHANNELS]
  str r1, [sp, #S_COLUMN]
  subs r1, #4
  add r7, r1, r4, lsl #2 /* 4 bytes of column a depth */
  str r7, [sp, #S_END]
  lsrs r4, r4, #1 /* steps */
  rsbs r4, r4, #0
  and r4, r4, #(STEPS - 1)
  lsls r7, r4, #3
  str r7, [sp, #S_SKIP]
  subs r1, r1, r7
  str r1, [sp, #S_FIRST]
  movs r7, #STEP_BYTES
  mul r4, r4, r7
  ldr r7, =.Lsteps + 1
  adds r7, r7, r4
  str r7, [sp, #S_ENTRY]
.endm

/* void armv7em_multiply_pixels(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch, int pairs)
 * Packs and multiplies `pairs` pairs of neighbouring pixels, one after the other or backward as p says; `in` and
 * `out` are those of the first, whose window begins at `in`.
 *
 * void armv7em_multiply_pair(const product_params_t *p, const int8_t *column, int8_t *out_a, int8_t *out_b)
 * Multiplies a packed column.
 *
 * r0 r1 inputs of both pixels, r2 r3 weights, r4 column less 4, r5 weights' address less 4,
 * r6 r7 sums of channel 0, r8 r9 of 0 and 1, r10 r11 of 2, r12 lr of 2 and 3 */
.section .text.armv7em_multiply, "ax", %progbits
.balign 4
.global armv7em_multiply_pixels
.type armv7em_multiply_pixels, %function
.thumb_func
armv7em_multiply_pixels:
  push {r4-r11, lr}
  sub sp, #FRAME
  str r1, [sp, #S_IN]
  str r2, [sp, #S_NEXT_OUT]
  mov r1, r3
  ldrsh r2, [r0, #P_WINDOW_H]
  ldrsh r3, [r0, #P_WINDOW_W]
  ldrsh r4, [r0, #P_IN_W]
  ldrsh r5, [r0, #P_STRIDE_W]
  ldrsh r6, [r0, #P_IN_CHANNELS]
  ldrsh r7, [r0, #P_OUT_CHANNELS]
  ldrsh r8, [r0, #P_FLAGS]
  ldr r9, [sp, #FRAME + 36]
  mul r3, r3, r6
  mul r4, r4, r6
  mul r5, r5, r6
  str r2, [sp, #S_ROWS]
  str r3, [sp, #S_SEGMENT]
  str r4, [sp, #S_ROW]
  str r5, [sp, #S_IN_PIXEL]
  str r9, [sp, #S_PAIRS]
  lsls r5, r5, #1
  lsls r7, r7, #1
  tst r8, #P_BACKWARD
  itt ne
  rsbne r5, r5, #0
  rsbne r7, r7, #0
  str r5, [sp, #S_IN_STEP]
  str r7, [sp, #S_OUT_STEP]
  ldrsh r4, [r0, #P_DEPTH]
  add r5, r4, r4, lsl #1
  add r5, r1, r5, lsl #1 /* beyond the column and two windows */
  str r5, [sp, #S_REST]
  SET_UP
  b .Lnext
  .ltorg
.size armv7em_multiply_pixels, . - armv7em_multiply_pixels

.balign 4
.global armv7em_multiply_pair
.type armv7em_multiply_pair, %function
.thumb_func
armv7em_multiply_pair:
  push {r4-r11, lr}
  sub sp, #FRAME
  strd r2, r3, [sp, #S_OUT]
  movs r2, #1
  str r2, [sp, #S_PAIRS]
  SET_UP
  b .Lpair
  .ltorg
.size armv7em_multiply_pair, . - armv7em_multiply_pair

/* What both go on with: the next pair, or the one that is packed. It is entered behind its name, as part of them. */
.balign 4
.type armv7em_multiply_pairs, %function
.thumb_func
armv7em_multiply_pairs:
  udf #0
.Lnext:
  ldr r0, [sp, #S_IN]
  ldr r5, [sp, #S_IN_PIXEL]
  ldr r4, [sp, #S_IN_STEP]
  ldr r12, [sp, #S_SEGMENT]
  ldr r6, [sp, #S_ROWS]
  add r2, r0, r5
  add r4, r4, r0
  str r4, [sp, #S_IN]
  cmp r6, #1
  bne 5f
  ldr lr, [sp, #S_COLUMN]
  subs r12, #8
  blt 2f
1:
  PACK_EIGHT 0
  adds r0, #8
  adds r2, #8
  subs r12, #8
  bge 1b
2:
  adds r12, #8
  ble 4f
3:
  PACK_FOUR
  subs r12, #4
  bgt 3b
4:
  ldr r0, [sp, #S_NEXT_OUT]
  ldr r1, [sp, #S_CHANNELS]
  ldr r2, [sp, #S_OUT_STEP]
  adds r1, #4
  adds r1, r0, r1
  strd r0, r1, [sp, #S_OUT]
  adds r0, r0, r2
  str r0, [sp, #S_NEXT_OUT]
  b .Lpair
5:
  ldr r1, [sp, #S_ROW]
  cmp r12, #9
  it eq
  cmpeq r6, #3
  bne 6f
  ldr lr, [sp, #S_COLUMN]
  PACK_THREE_BY_NINE
  b 4b
6:
  str r12, [sp, #S_COUNT]
  mov r3, r1
  bl armv7em_pack_rows
  b 4b
.Lpair:
  ldr r5, [sp, #S_WEIGHTS]
  ldr r6, [sp, #S_CONSTANTS]
  ldr r3, [sp, #S_CHANNELS]
  cmp r3, #0
  str r3, [sp, #S_REMAINING]
  blt .Ltail

.Lblock: /* r6 constants */
  ldr r4, [sp, #S_FIRST]
  ldr r1, [sp, #S_SKIP]
  ldr r2, [sp, #S_ENTRY]
  mov r0, r6
  subs r5, r5, r1
  ldmia r0!, {r6, r8, r10, r12}
  str r0, [sp, #S_STREAM]
  mov r7, r6
  mov r9, r8
  mov r11, r10
  mov lr, r12
  bx r2
  .balign 4
.Lsteps:
  .set offset, 0
  .rept STEPS
  ldr.n r0, [r4, #offset + 4]
  .if offset < 8 * (STEPS - 1)
  ldr.n r1, [r4, #offset + 8]
  ldr.n r2, [r5, #offset + 4]
  ldr.n r3, [r5, #offset + 8]
  .else
  ldr r1, [r4, #offset + 8]!
  ldr r2, [r5, #offset + 4]
  ldr r3, [r5, #offset + 8]!
  .endif
  smlad r8, r0, r2, r8
  smlad r9, r1, r2, r9
  sxtb16 r2, r2
  smlad r12, r0, r3, r12
  smlad lr, r1, r3, lr
  sxtb16 r3, r3
  smlad r6, r0, r2, r6
  smlad r7, r1, r2, r7
  smlad r10, r0, r3, r10
  smlad r11, r1, r3, r11
  .set offset, offset + 8
  .endr
  ldr r0, [sp, #S_END]
  cmp r4, r0
  bne.w .Lsteps

  ldr r4, [sp, #S_STREAM]
  ldr r2, [sp, #S_ZERO_POINT]
  subs r8, r8, r6
  sub r9, r9, r7
  sub r12, r12, r10
  sub lr, lr, r11
  asr r8, r8, #8
  asr r9, r9, #8
  asr r12, r12, #8
  asr lr, lr, #8
  movs r3, #1
  .irp channel, 0, 1, 2, 3
  ldr r0, [r4, #4 * \channel]
  ldrb r1, [r4, #16 + \channel]
  lsl r1, r3, r1
  .if \channel == 0
  REQUANTIZE_2 r6, r7, r0, r1, r2
  .elseif \channel == 1
  REQUANTIZE_2 r8, r9, r0, r1, r2
  .elseif \channel == 2
  REQUANTIZE_2 r10, r11, r0, r1, r2
  .else
  REQUANTIZE_2 r12, lr, r0, r1, r2
  .endif
  .endr
  ldr r0, [sp, #S_OUT]
  ldr r1, [sp, #S_OUT + 4]
  ldr r3, [sp, #S_REMAINING]
  strb r6, [r0], #4
  strb r8, [r0, #-3]
  strb r10, [r0, #-2]
  strb r12, [r0, #-1]
  strb r7, [r1], #4
  strb r9, [r1, #-3]
  strb r11, [r1, #-2]
  strb lr, [r1, #-1]
  add r6, r4, #20
  str r0, [sp, #S_OUT]
  str r1, [sp, #S_OUT + 4]
  subs r3, #4
  str r3, [sp, #S_REMAINING]
  bge.w .Lblock

.Ltail: /* r3 channels left less 4, r6 constants */
  adds r3, #4
  ble 3f
  ldr r4, [sp, #S_COLUMN]
  ldr r12, [sp, #S_END]
  subs r4, #4
  mov r0, r6
  ldmia r0!, {r6, r8}
  str r0, [sp, #S_STREAM]
  mov r7, r6
  mov r9, r8
1:
  ldr r0, [r4, #4]
  ldr r1, [r4, #8]
  ldr r2, [r5, #4]
  ldr r10, [r4, #12]
  ldr r11, [r4, #16]!
  ldr lr, [r5, #8]!
  smlad r8, r0, r2, r8
  smlad r9, r1, r2, r9
  sxtb16 r2, r2
  smlad r8, r10, lr, r8
  smlad r9, r11, lr, r9
  sxtb16 lr, lr
  smlad r6, r0, r2, r6
  smlad r7, r1, r2, r7
  smlad r6, r10, lr, r6
  smlad r7, r11, lr, r7
  cmp r4, r12
  bne 1b
  ldr r4, [sp, #S_STREAM]
  ldr r2, [sp, #S_ZERO_POINT]
  subs r8, r8, r6
  sub r9, r9, r7
  asr r8, r8, #8
  asr r9, r9, #8
  ldr r10, [r4, #8]
  ldr r0, [r4]
  movs r1, #1
  lsl r1, r1, r10
  REQUANTIZE_2 r6, r7, r0, r1, r2
  ldr r0, [r4, #4]
  lsr r10, r10, #8
  movs r1, #1
  lsl r1, r1, r10
  REQUANTIZE_2 r8, r9, r0, r1, r2
  ldr r0, [sp, #S_OUT]
  ldr r1, [sp, #S_OUT + 4]
  strb r6, [r0], #1
  strb r7, [r1], #1
  cmp r3, #1
  beq 3f
  strb r8, [r0], #1
  strb r9, [r1], #1
  add r6, r4, #12
  str r0, [sp, #S_OUT]
  str r1, [sp, #S_OUT + 4]
  subs r3, #2
  subs r3, #4
  b .Ltail
3:
  ldr r0, [sp, #S_PAIRS]
  subs r0, #1
  str r0, [sp, #S_PAIRS]
  bgt.w .Lnext
  add sp, #FRAME
  pop {r4-r11, pc}
.size armv7em_multiply_pairs, . - armv7em_multiply_pairs
#endif
