/* Sums over all pixels for Cortex-M4, four channels at a time in halves of two registers. */
#ifdef __ARM_FEATURE_DSP
.syntax unified
.thumb

/* void armv7em_sum_pixels(const int8_t *in, int channels, int pixels, int32_t sums[4])
 * Sums of four neighbouring channels over at most 255 pixels.
 * r0 in, r1 channels, r2 pixels left, r3 sums, r4-r7 values, r8 3 * channels, r9 r12 sums of 0 2 and 1 3 */
.section .text.armv7em_sum_pixels, "ax", %progbits
.balign 4
.global armv7em_sum_pixels
.type armv7em_sum_pixels, %function
.thumb_func
armv7em_sum_pixels:
  push {r4-r9, lr}
  add r8, r1, r1, lsl #1
  mov r9, #0
  mov r12, #0
  subs r2, #4
  blt 2f
1:
  ldr r4, [r0]
  ldr r5, [r0, r1]
  ldr r6, [r0, r1, lsl #1]
  ldr r7, [r0, r8]
  add r0, r0, r1, lsl #2
  sxtab16 r9, r9, r4
  sxtab16 r12, r12, r4, ror #8
  sxtab16 r9, r9, r5
  sxtab16 r12, r12, r5, ror #8
  sxtab16 r9, r9, r6
  sxtab16 r12, r12, r6, ror #8
  sxtab16 r9, r9, r7
  sxtab16 r12, r12, r7, ror #8
  subs r2, #4
  bge 1b
2:
  adds r2, #4
  beq 4f
3:
  ldr r4, [r0]
  add r0, r0, r1
  sxtab16 r9, r9, r4
  sxtab16 r12, r12, r4, ror #8
  subs r2, #1
  bne 3b
4:
  sxth r4, r9
  sxth r5, r12
  asr r6, r9, #16
  asr r7, r12, #16
  stmia r3, {r4-r7}
  pop {r4-r9, pc}
.size armv7em_sum_pixels, . - armv7em_sum_pixels
#endif
