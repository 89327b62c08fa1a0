/* Sums of pixels on Cortex-M0. */
#ifdef __ARM_ARCH_6M__
.syntax unified
.thumb

/* void armv6m_sum_pixels(const int8_t *in, int channels, int pixels, int32_t sums[4])
 * Sums of four neighbouring channels over at most 255 pixels: a word at a time, with 128 added to each channel to make
 * it unsigned, in halves of two words (255 * 255 fits).
 * r0 in, r1 channels, r2 signs, r3 r4 sums of 0 2 and 1 3, r5 halves, r6 r7 values, r12 end */
.section .text.armv6m_sum_pixels, "ax", %progbits
.balign 4
.global armv6m_sum_pixels
.type armv6m_sum_pixels, %function
.thumb_func
armv6m_sum_pixels:
  push {r2-r7, lr}
  muls r2, r1
  adds r2, r2, r0
  mov r12, r2
  ldr r2, =0x80808080
  ldr r5, =0x00FF00FF
  movs r3, #0
  movs r4, #0
1:
  ldr r6, [r0]
  adds r0, r0, r1
  eors r6, r2
  movs r7, r6
  ands r7, r5
  adds r3, r3, r7
  lsrs r6, r6, #8
  ands r6, r5
  adds r4, r4, r6
  cmp r0, r12
  bne 1b
  ldr r0, [sp] /* pixels */
  ldr r1, [sp, #4]
  lsls r0, r0, #7
  uxth r5, r3
  uxth r6, r4
  lsrs r3, r3, #16
  lsrs r4, r4, #16
  subs r5, r5, r0
  subs r6, r6, r0
  subs r3, r3, r0
  subs r4, r4, r0
  str r5, [r1]
  str r6, [r1, #4]
  str r3, [r1, #8]
  str r4, [r1, #12]
  pop {r2-r7, pc}
  .ltorg
.size armv6m_sum_pixels, . - armv6m_sum_pixels
#endif
