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
