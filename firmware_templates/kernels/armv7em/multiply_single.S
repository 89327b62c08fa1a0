/* The matrix product for Cortex-M4 with one column: four output channels, four inputs deep a step.
 * Weights and constants lie as multiply_pair.S describes. */
#ifdef __ARM_FEATURE_DSP
#include "offsets.h"
#include "requantize_macros.h"
.syntax unified
.thumb

#define STEPS 8       /* in the unrolled loop, four inputs deep each */
#define STEP_BYTES 64 /* of its code */

#define S_STREAM 0
#define S_ENTRY 4
#define S_FIRST 8
#define S_SKIP 12 /* bytes of the column that the first pass skips, half of those of the weights */
#define S_END 16
#define S_REMAINING 20
#define S_OUT 24
#define S_ZERO_POINT 28
#define S_COLUMN 32
#define FRAME 36

/* void armv7em_multiply_single(const product_params_t *p, const uint32_t *column, int8_t *out)
 * r0 r1 inputs, r2 r3 r10 r11 weights, r4 column less 4, r5 weights' address less 4, r6-r9 sums of 0, 0 and 1, 2, 2 and 3 */
.section .text.armv7em_multiply_single, "ax", %progbits
.balign 4
.global armv7em_multiply_single
.type armv7em_multiply_single, %function
.thumb_func
armv7em_multiply_single:
  push {r4-r11, lr}
  sub sp, #FRAME
  str r2, [sp, #S_OUT]
  ldrsh r2, [r0, #P_OUT_ZERO_POINT]
  ldrsh r3, [r0, #P_OUT_CHANNELS]
  ldrsh r4, [r0, #P_DEPTH]
  ldr r5, [r0, #P_WEIGHTS]
  subs r5, #4 /* the last loads of a pass move both addresses on to 4 bytes before the next data */
  ldr r6, [r0, #P_STREAM]
  str r2, [sp, #S_ZERO_POINT]
  str r6, [sp, #S_STREAM]
  str r1, [sp, #S_COLUMN]
  add r7, r1, r4, lsl #1 /* 2 bytes of column a depth */
  subs r7, #4
  str r7, [sp, #S_END]
  lsrs r4, r4, #2 /* steps */
  rsbs r4, r4, #0
  and r4, r4, #(STEPS - 1)
  lsls r7, r4, #3
  str r7, [sp, #S_SKIP]
  subs r1, #4
  subs r1, r1, r7
  str r1, [sp, #S_FIRST]
  movs r7, #STEP_BYTES
  mul r4, r4, r7
  adr r7, .Lsteps
  add r7, r7, r4
  adds r7, #1
  str r7, [sp, #S_ENTRY]
  subs r3, #4
  str r3, [sp, #S_REMAINING]
  blt .Ltail

.Lblock:
  ldr r0, [sp, #S_STREAM]
  ldr r4, [sp, #S_FIRST]
  ldr r1, [sp, #S_SKIP]
  ldr r2, [sp, #S_ENTRY]
  ldr r12, [sp, #S_END]
  ldmia r0!, {r6, r7, r8, r9}
  str r0, [sp, #S_STREAM]
  sub r5, r5, r1, lsl #1
  bx r2
  .balign 4
.Lsteps:
  .set offset, 0
  .rept STEPS
  ldr.n r0, [r4, #offset + 4]
  .if offset < 8 * (STEPS - 1)
  ldr.n r1, [r4, #offset + 8]
  .else
  ldr r1, [r4, #offset + 8]!
  .endif
  ldr.n r2, [r5, #2 * offset + 4]
  ldr.n r3, [r5, #2 * offset + 8]
  ldr.w r10, [r5, #2 * offset + 12]
  .if offset < 8 * (STEPS - 1)
  ldr.w r11, [r5, #2 * offset + 16]
  .else
  ldr r11, [r5, #2 * offset + 16]!
  .endif
  smlad r7, r0, r2, r7
  smlad r9, r0, r3, r9
  sxtb16 r2, r2
  sxtb16 r3, r3
  smlad r7, r1, r10, r7
  smlad r9, r1, r11, r9
  sxtb16 r10, r10
  sxtb16 r11, r11
  smlad r6, r0, r2, r6
  smlad r8, r0, r3, r8
  smlad r6, r1, r10, r6
  smlad r8, r1, r11, r8
  .set offset, offset + 8
  .endr
  cmp r4, r12
  bne.w .Lsteps

  ldr r4, [sp, #S_STREAM]
  ldr r2, [sp, #S_ZERO_POINT]
  ldr r12, [sp, #S_OUT]
  subs r7, r7, r6
  sub r9, r9, r8
  asrs r7, r7, #8
  asr r9, r9, #8
  ldr r3, [r4, #16]
  ldr r0, [r4]
  ldr r10, [r4, #4]
  movs r1, #1
  lsls r1, r3
  lsrs r3, r3, #8
  REQUANTIZE r6, r0, r1, r2
  movs r1, #1
  lsls r1, r3
  lsrs r3, r3, #8
  REQUANTIZE r7, r10, r1, r2
  ldr r0, [r4, #8]
  ldr r10, [r4, #12]
  movs r1, #1
  lsls r1, r3
  lsrs r3, r3, #8
  REQUANTIZE r8, r0, r1, r2
  movs r1, #1
  lsls r1, r3
  REQUANTIZE r9, r10, r1, r2
  ldr r3, [sp, #S_REMAINING]
  strb r6, [r12]
  strb r7, [r12, #1]
  strb r8, [r12, #2]
  strb r9, [r12, #3]
  adds r4, #20
  str r4, [sp, #S_STREAM]
  add r12, r12, #4
  str r12, [sp, #S_OUT]
  subs r3, #4
  str r3, [sp, #S_REMAINING]
  bge.w .Lblock

.Ltail: /* r3 channels left less 4 */
  adds r3, #4
  ble 3f
  ldr r0, [sp, #S_STREAM]
  ldr r4, [sp, #S_COLUMN]
  ldr r12, [sp, #S_END]
  subs r4, #4
  ldmia r0!, {r6, r7}
  str r0, [sp, #S_STREAM]
1:
  ldr r0, [r4, #4]
  ldr r1, [r4, #8]!
  ldr r2, [r5, #4]
  ldr r10, [r5, #8]!
  smlad r7, r0, r2, r7
  sxtb16 r2, r2
  smlad r7, r1, r10, r7
  sxtb16 r10, r10
  smlad r6, r0, r2, r6
  smlad r6, r1, r10, r6
  cmp r4, r12
  bne 1b
  ldr r4, [sp, #S_STREAM]
  ldr r2, [sp, #S_ZERO_POINT]
  subs r7, r7, r6
  asrs r7, r7, #8
  ldr r10, [r4, #8]
  ldr r0, [r4]
  ldr r11, [r4, #4]
  movs r1, #1
  lsl r1, r1, r10
  REQUANTIZE r6, r0, r1, r2
  lsr r10, r10, #8
  movs r1, #1
  lsl r1, r1, r10
  REQUANTIZE r7, r11, r1, r2
  ldr r0, [sp, #S_OUT]
  adds r4, #12
  str r4, [sp, #S_STREAM]
  strb r6, [r0], #1
  cmp r3, #1
  beq 3f
  strb r7, [r0], #1
  str r0, [sp, #S_OUT]
  subs r3, #6
  b .Ltail
3:
  add sp, #FRAME
  pop {r4-r11, pc}
.size armv7em_multiply_single, . - armv7em_multiply_single
#endif
