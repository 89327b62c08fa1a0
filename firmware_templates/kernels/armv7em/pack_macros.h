/* Int8 inputs of two pixels, at r0 and r2, to the column at lr as pairs of 16 bits: a02 b02 a13 b13 for each four.
 * r4-r11 are lost. */
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

.macro PACK_FOUR
  ldr r4, [r0], #4
  ldr r5, [r2], #4
  sxtb16 r6, r4, ror #8
  sxtb16 r4, r4
  sxtb16 r7, r5, ror #8
  sxtb16 r5, r5
  stmia lr!, {r4-r7}
.endm

/* The same of windows of three rows of nine, 3x3 of three colours, whose rows lie r1 bytes apart: two fours of each
 * row, then the last four of their ninth inputs. r0, r2, r3 and r12 are lost too. */
.macro PACK_THREE_BY_NINE
  adds r3, r0, r1
  add r12, r0, r1, lsl #1
  ldrsb r4, [r0, #8]
  ldrsb r6, [r3, #8]
  ldrsb r7, [r12, #8]
  adds r3, r2, r1
  add r12, r2, r1, lsl #1
  pkhbt r4, r4, r7, lsl #16
  ldrsb r5, [r2, #8]
  ldrsb r7, [r3, #8]
  ldrsb r8, [r12, #8]
  add r12, lr, #96
  pkhbt r5, r5, r8, lsl #16
  stmia r12, {r4-r7} /* above r6 and r7 are their signs, which meet weights of 0 */
7:
  PACK_EIGHT 0
  adds r0, r0, r1
  adds r2, r2, r1
  cmp lr, r12
  bne 7b
.endm
