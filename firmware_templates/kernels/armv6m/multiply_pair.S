/* The matrix product for Cortex-M0: two output channels by two pixels, two MACs a multiplication.
 *
 * A word of the column is x_a + 65536 * x_b, so a multiplication by a weight gives both products, and four of
 * them may be summed in one word as long as the lower sum fits 16 bits: S = a + 65536 * b. The sum of all S
 * (modulo 2^32) and that of all b = (S + 2^15) >> 16 give both pixels: A = sum(S) - 65536 * B. S + 2^15 is what
 * is summed; the surplus is taken off at the start.
 *
 * Stream for each two channels (an absent second one is zero):
 *   for each two inputs a word with bytes c0 k0, c1 k0, c1 k1, c0 k1: the halves of REV16 then are like these;
 *   corrections: halfword count of c0 + 256 * count of c1; halfwords (k - last k) + 256 * weight; to whole words;
 *   for each channel bias << 8 | s', then the multiplier.
 * Corrections hold what was taken off weights so that |w| of each four inputs (4i..4i+3) sum up to 255 at most. */
#ifdef __ARM_ARCH_6M__
#include "offsets.h"
#include "requantize_macros.h"
.syntax unified
.thumb

#define STEPS 4       /* in the unrolled loop, four inputs deep each */
#define STEP_BYTES 72 /* of its code */

#define S_COLUMN 0
#define S_START 4 /* of the sums of S */
#define S_ENTRY 8
#define S_END 12 /* of the column */
#define S_OUT_A 16 /* ends of the pixels' outputs */
#define S_OUT_B 20
#define S_LEFT 24 /* channels, negative */
#define S_ZERO 28 /* 2 * (zero point + 128) + 1 */
#define S_FLAGS 32
#define FRAME 36

/* S + 2^15 to the sums. */
.macro FLUSH sum, total, high
  add \sum, r12
  add \total, \sum
  asrs \sum, \sum, #16
  add \high, \sum
.endm

/* r1 the corrections of one channel, r3 their number */
.macro CORRECT total, high
  ldr r0, [sp, #S_COLUMN]
1:
  subs r3, #1
  blt 2f
  ldrh r2, [r1]
  adds r1, #2
  uxtb r4, r2
  lsls r4, r4, #2
  adds r0, r0, r4
  ldr r4, [r0]
  lsls r2, r2, #16
  asrs r2, r2, #24
  muls r2, r4
  add \total, r2
  asrs r2, r2, #16
  adcs r2, r5
  add \high, r2
  b 1b
2:
.endm

/* The accumulators of a channel and both pixels in r4 and r5, s' in r2, of r2 = bias << 8 | s' */
.macro SUMS total, high
  asrs r0, r2, #8
  uxtb r2, r2
  mov r5, \high
  lsls r6, r5, #16
  mov r4, \total
  subs r4, r4, r6
  adds r4, r4, r0
  adds r5, r5, r0
.endm

/* r4 r3 products of both pixels, r5 what is added, r2 s'; restores r1 from r12; Z if no channel is left */
.macro ROUND_AND_STORE
  adds r3, r3, r5
  adds r4, r4, r5
  asrs r3, r2
  asrs r4, r2
  CLAMP r3, r5
  CLAMP r4, r5
  add r5, sp, #S_OUT_A
  ldm r5!, {r0, r1, r2} /* ends, channels left */
  strb r4, [r0, r2]
  strb r3, [r1, r2]
  mov r1, r12
  adds r2, #1
  str r2, [sp, #S_LEFT]
.endm

.macro NARROW_CHANNEL total, high
  ldm r1!, {r2, r3}
  mov r12, r1
  SUMS \total, \high
  NARROW_PARTS r3, r7, r6
  mov r0, r3
  muls r0, r4
  asrs r0, r0, #11
  mov r1, r7
  muls r1, r4
  adds r0, r0, r1
  asrs r0, r0, #11
  muls r4, r6
  adds r4, r0, r4
  NARROW_HIGH r5, r3, r7, r6
  movs r5, #1
  lsls r5, r2
  lsrs r5, r5, #1
  adds r5, #255
  adds r5, #1
  ROUND_AND_STORE
.endm

/* void armv6m_multiply_pair(const product_params_t *p, const int32_t *column, int8_t *out_a, int8_t *out_b)
 * r0 column, r1 stream, r2 r3 inputs, r4 weights, r5 r6 S of both channels, r7 product,
 * r8 r9 sums of S and of b of the first channel, r10 r11 of the second, r12 2^15, lr end of the column */
.section .text.armv6m_multiply_pair, "ax", %progbits
.balign 4
.global armv6m_multiply_pair
.type armv6m_multiply_pair, %function
.thumb_func
armv6m_multiply_pair:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  mov r7, r11
  push {r4-r7}
  sub sp, #FRAME
  str r1, [sp, #S_COLUMN]
  movs r5, #P_OUT_CHANNELS
  ldrsh r4, [r0, r5]
  adds r2, r2, r4
  adds r3, r3, r4
  str r2, [sp, #S_OUT_A]
  str r3, [sp, #S_OUT_B]
  rsbs r4, r4, #0
  str r4, [sp, #S_LEFT]
  movs r5, #P_OUT_ZERO_POINT
  ldrsh r4, [r0, r5]
  lsls r4, r4, #1
  adds r4, #255
  adds r4, #2
  str r4, [sp, #S_ZERO]
  ldrh r4, [r0, #P_FLAGS]
  str r4, [sp, #S_FLAGS]
  ldrh r4, [r0, #P_DEPTH]
  lsls r5, r4, #2
  adds r5, r1, r5
  str r5, [sp, #S_END]
  lsrs r4, r4, #2 /* steps, each adds 2^15 too much to both halves of a sum */
  lsls r5, r4, #15
  rsbs r5, r5, #0
  str r5, [sp, #S_START]
  rsbs r4, r4, #0
  movs r5, #(STEPS - 1)
  ands r4, r5
  movs r5, #STEP_BYTES
  muls r4, r5
  adr r5, .Lsteps
  adds r4, r5, r4
  str r4, [sp, #S_ENTRY]
  ldr r1, [r0, #P_WEIGHTS]

.Lchannels:
  add r7, sp, #S_COLUMN
  ldm r7!, {r0, r2, r3, r4} /* column, start, entry, end */
  mov r8, r2
  mov r10, r2
  mov lr, r4
  movs r2, #0
  mov r9, r2
  mov r11, r2
  movs r2, #1
  lsls r2, r2, #15
  mov r12, r2
  mov pc, r3
  .balign 4
.Lsteps:
  .rept STEPS
  ldm r0!, {r2, r3}
  ldm r1!, {r4}
  sxtb r5, r4
  muls r5, r2
  asrs r7, r4, #24
  muls r7, r3
  adds r5, r5, r7
  rev16 r4, r4
  sxtb r6, r4
  muls r6, r2
  asrs r4, r4, #24
  muls r4, r3
  adds r6, r6, r4
  ldm r0!, {r2, r3}
  ldm r1!, {r4}
  sxtb r7, r4
  muls r7, r2
  adds r5, r5, r7
  asrs r7, r4, #24
  muls r7, r3
  adds r5, r5, r7
  rev16 r4, r4
  FLUSH r5, r8, r9
  sxtb r7, r4
  muls r7, r2
  adds r6, r6, r7
  asrs r4, r4, #24
  muls r4, r3
  adds r6, r6, r4
  FLUSH r6, r10, r11
  .endr
  cmp r0, lr
  beq 1f
  b .Lsteps
.Lfar_wide: /* too far for a conditional branch */
  b .Lwide
1:
  ldrh r2, [r1]
  cmp r2, #0
  beq .Luncorrected
  adds r1, #2
  movs r5, #0
  lsrs r6, r2, #8
  uxtb r3, r2
  CORRECT r8, r9
  mov r3, r6
  CORRECT r10, r11
  adds r1, #3
  lsrs r1, r1, #2
  lsls r1, r1, #2
  subs r1, #4
.Luncorrected:
  adds r1, #4
  ldr r0, [sp, #S_FLAGS]
  lsrs r0, r0, #1
  bcc .Lfar_wide
  NARROW_CHANNEL r8, r9
  beq .Lend
  NARROW_CHANNEL r10, r11
  beq .Lend
  b .Lchannels

.Lend:
  add sp, #FRAME
  pop {r4-r7}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  mov r11, r7
  pop {r4-r7, pc}

.Lwide: /* r8 r9 sums of a channel */
  ldm r1!, {r2, r3}
  mov r12, r1
  SUMS r8, r9
  mov r8, r2
  WIDE_PARTS r3, r2, r6, r7
  mov r9, r5
  mov r0, r2
  mov r1, r6
  mov r5, r3
  muls r0, r4
  asrs r0, r0, #8
  muls r1, r4
  adds r0, r0, r1
  asrs r0, r0, #8
  muls r5, r4
  adds r0, r0, r5
  asrs r0, r0, #8
  mov r1, r7
  muls r1, r4
  adds r0, r0, r1
  asrs r4, r4, #31
  lsls r4, r4, #7
  adds r4, r0, r4
  mov r5, r9
  WIDE_HIGH r5, r2, r6, r3, r7
  mov r3, r2
  mov r2, r8
  ldr r5, [sp, #S_ZERO]
  lsls r5, r2
  lsrs r5, r5, #1
  adds r5, #64
  ROUND_AND_STORE
  beq .Lend
  mov r8, r10
  mov r9, r11
  mov r0, lr
  adds r0, #1
  mov lr, r0
  lsls r0, r0, #30 /* the column's end, a multiple of 4, plus channels done */
  lsrs r0, r0, #31
  beq .Lwide
  b .Lchannels

.size armv6m_multiply_pair, . - armv6m_multiply_pair
#endif
