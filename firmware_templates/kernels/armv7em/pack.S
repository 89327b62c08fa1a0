/* Columns for Cortex-M4: int8 inputs as pairs of 16 bits, elements 0 and 2, then 1 and 3 of each four. */
#ifdef __ARM_FEATURE_DSP
#include "pack_macros.h"
.syntax unified
.thumb

/* Of armv7em_pack_rows on the stack. */
#define P_A 0
#define P_B 4
#define P_ROWS_LEFT 8
#define P_ROWS 48
#define P_COUNT 52
#define P_COLUMN 56
#define P_REST 60

/* void armv7em_pack_rows(const int8_t *a, int row_a, const int8_t *b, int row_b, int rows, int count,
 *                        int8_t *column, int8_t *rest)
 * Packs `rows` rows of `count` elements of two pixels, whose rows lie `row_a` and `row_b` bytes apart, as
 * a02 b02 a13 b13 for each four: first the whole fours of each row, then, by way of `rest`, what is left of all
 * rows; the last four is filled up with whatever follows.
 * r0 a, r1 row_a, r2 b, r3 row_b, both less what is read of a row, r4-r11 elements, r12 elements left in the row,
 * lr column */
.section .text.armv7em_pack_rows, "ax", %progbits
.balign 4
.global armv7em_pack_rows
.type armv7em_pack_rows, %function
.thumb_func
armv7em_pack_rows:
  push {r4-r11, lr}
  ldr r5, [sp, #36]
  push {r0, r2, r5}
  ldr r12, [sp, #P_COUNT]
  ldr lr, [sp, #P_COLUMN]
  cmp r5, #1 /* of a single row nothing is left */
  itt eq
  addeq r12, #3
  biceq r12, r12, #3
  str r12, [sp, #P_COUNT]
  bic r12, r12, #3
  subs r1, r1, r12
  subs r3, r3, r12
.Lrow:
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
  ble 5f
  PACK_FOUR
5:
  ldr r4, [sp, #P_ROWS_LEFT]
  ldr r12, [sp, #P_COUNT]
  adds r0, r0, r1
  adds r2, r2, r3
  bic r12, r12, #3
  subs r4, #1
  str r4, [sp, #P_ROWS_LEFT]
  bgt .Lrow

  ldr r12, [sp, #P_COUNT]
  ands r9, r12, #3
  beq .Ldone
  bic r12, r12, #3
  ldr r8, [sp, #P_ROWS]
  ldr r6, [sp, #P_REST]
  ldr r0, [sp, #P_A]
  ldr r2, [sp, #P_B]
  mul r11, r8, r9
  adds r11, #3
  bic r11, r11, #3 /* what is left of all rows, by fours */
  adds r7, r6, r11
  adds r0, r0, r12
  adds r2, r2, r12
  adds r1, r1, r12
  adds r3, r3, r12
6:
  mov r10, #0
7:
  ldrb r4, [r0, r10]
  ldrb r5, [r2, r10]
  strb r4, [r6], #1
  strb r5, [r7], #1
  add r10, #1
  cmp r10, r9
  bne 7b
  adds r0, r0, r1
  adds r2, r2, r3
  subs r8, #1
  bne 6b
  ldr r0, [sp, #P_REST]
  adds r2, r0, r11
  mov r12, r11
  str r11, [sp, #P_COUNT]
  movs r4, #1
  str r4, [sp, #P_ROWS_LEFT]
  b .Lrow
.Ldone:
  add sp, #12
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
