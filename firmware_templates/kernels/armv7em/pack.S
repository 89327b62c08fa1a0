/* Columns for Cortex-M4: int8 inputs as pairs of 16 bits, elements 0 and 2, then 1 and 3 of each four. */
#ifdef __ARM_FEATURE_DSP
.syntax unified
.thumb

/* uint32_t *armv7em_pack_pair(const int8_t *a, const int8_t *b, int count, uint32_t *column)
 * Appends `count` elements, rounded up to a multiple of 4, of two pixels: a02 b02 a13 b13 for each four.
 * r0 a, r1 b, r2 count, r3 column, r4-r11 elements */
.section .text.armv7em_pack_pair, "ax", %progbits
.balign 4
.global armv7em_pack_pair
.type armv7em_pack_pair, %function
.thumb_func
armv7em_pack_pair:
  push {r4-r11, lr}
  subs r2, #8
  blt 2f
1:
  ldr r4, [r0]
  ldr r8, [r0, #4]
  ldr r5, [r1]
  ldr r9, [r1, #4]
  adds r0, #8
  adds r1, #8
  sxtb16 r6, r4, ror #8
  sxtb16 r4, r4
  sxtb16 r7, r5, ror #8
  sxtb16 r5, r5
  sxtb16 r10, r8, ror #8
  sxtb16 r8, r8
  sxtb16 r11, r9, ror #8
  sxtb16 r9, r9
  stmia r3!, {r4-r11}
  subs r2, #8
  bge 1b
2:
  adds r2, #8
  ble 4f
3:
  ldr r4, [r0], #4
  ldr r5, [r1], #4
  sxtb16 r6, r4, ror #8
  sxtb16 r4, r4
  sxtb16 r7, r5, ror #8
  sxtb16 r5, r5
  stmia r3!, {r4-r7}
  subs r2, #4
  bgt 3b
4:
  mov r0, r3
  pop {r4-r11, pc}
.size armv7em_pack_pair, . - armv7em_pack_pair

/* void armv7em_pack_single(const int8_t *a, int count, uint32_t *column)
 * The same of one vector: a02 a13 for each four. */
.section .text.armv7em_pack_single, "ax", %progbits
.balign 4
.global armv7em_pack_single
.type armv7em_pack_single, %function
.thumb_func
armv7em_pack_single:
1:
  ldr r3, [r0], #4
  sxtb16 r12, r3
  sxtb16 r3, r3, ror #8
  strd r12, r3, [r2], #8
  subs r1, #4
  bgt 1b
  bx lr
.size armv7em_pack_single, . - armv7em_pack_single
#endif
