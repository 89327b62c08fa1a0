/* Columns for Cortex-M4: int8 inputs as pairs of 16 bits, elements 0 and 2, then 1 and 3 of each four. */
#ifdef __ARM_FEATURE_DSP
.syntax unified
.thumb

.macro PACK_EIGHT offset
  ldr r4, [r0, #\offset]
  ldr r8, [r0, #\offset + 4]
  ldr r5, [r2, #\offset]
  ldr r9, [r2, #\offset + 4]
  sxtb16 r6, r4, ror #8
  sxtb16 r4, r4
  sxtb16 r7, r5, ror #8
  sxtb16 r5, r5
  sxtb16 r10, r8, ror #8
  sxtb16 r8, r8
  sxtb16 r11, r9, ror #8
  sxtb16 r9, r9
  stmia lr!, {r4-r11}
.endm

/* int8_t *armv7em_pack_rows(const int8_t *a, int row_a, const int8_t *b, int row_b, int rows, int count,
 *                           int8_t *column)
 * Appends the first `count` elements, rounded up to a multiple of 4, of `rows` rows of two pixels, `row_a` and
 * `row_b` bytes apart: a02 b02 a13 b13 for each four. Returns the column's end.
 * r0 a, r1 row_a, r2 b, r3 row_b, both less what a row reads, r4-r11 elements, r12 elements left in the row,
 * lr column */
.section .text.armv7em_pack_rows, "ax", %progbits
.balign 4
.global armv7em_pack_rows
.type armv7em_pack_rows, %function
.thumb_func
armv7em_pack_rows:
  push {r4-r11, lr}
  ldr r12, [sp, #40]
  ldr lr, [sp, #44]
  add r4, r12, #3
  bic r4, r4, #3
  subs r1, r1, r4
  subs r3, r3, r4
1:
  subs r12, #16
  blt 3f
2:
  PACK_EIGHT 0
  PACK_EIGHT 8
  adds r0, #16
  adds r2, #16
  subs r12, #16
  bge 2b
3:
  adds r12, #8
  blt 4f
  PACK_EIGHT 0
  adds r0, #8
  adds r2, #8
  subs r12, #8
4:
  adds r12, #8
  ble 6f
5:
  ldr r4, [r0], #4
  ldr r5, [r2], #4
  sxtb16 r6, r4, ror #8
  sxtb16 r4, r4
  sxtb16 r7, r5, ror #8
  sxtb16 r5, r5
  stmia lr!, {r4-r7}
  subs r12, #4
  bgt 5b
6:
  ldr r4, [sp, #36]
  ldr r12, [sp, #40]
  add r0, r0, r1
  add r2, r2, r3
  subs r4, #1
  str r4, [sp, #36]
  bne 1b
  mov r0, lr
  pop {r4-r11, pc}
.size armv7em_pack_rows, . - armv7em_pack_rows

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
