/* Columns for Cortex-M0: one word for each input of two pixels, a + 65536 * b. */
#ifdef __ARM_ARCH_6M__
.syntax unified
.thumb

#define S_ROWS 32 /* arguments on the stack, above 8 saved registers */
#define S_COUNT 36
#define S_COLUMN 40

/* word = a + 65536 * b of the lowest or highest bytes of the words a and b */
.macro LOW_BYTES word, a, b, temporary
  sxtb \word, \a
  lsls \temporary, \b, #24
  asrs \temporary, \temporary, #8
  adds \word, \word, \temporary
.endm

.macro HIGH_BYTES word, a, b, temporary
  asrs \word, \a, #24
  asrs \temporary, \b, #24
  lsls \temporary, \temporary, #16
  adds \word, \word, \temporary
.endm

/* word of the bytes at r0 + r2 and r1 + r2; r2 goes on */
.macro SINGLE_BYTES word
  ldrsb \word, [r0, r2]
  ldrsb r7, [r1, r2]
  lsls r7, r7, #16
  adds \word, \word, r7
  adds r2, #1
.endm

/* int8_t *armv6m_pack_rows(const int8_t *a, int row_a, const int8_t *b, int row_b, int rows, int count,
 *                          int8_t *column)
 * Appends the first `count` inputs of `rows` rows of two pixels, `row_a` and `row_b` bytes apart, any alignment.
 * Returns the column's end.
 * r0 a, r1 b, r2 inputs left, r3 column, r4-r7 words, r8 r9 rows' distances less count, r10 word,
 * r12 rows left, lr count */
.section .text.armv6m_pack_rows, "ax", %progbits
.balign 4
.global armv6m_pack_rows
.type armv6m_pack_rows, %function
.thumb_func
armv6m_pack_rows:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  mov r6, r10
  push {r4-r6}
  ldr r4, [sp, #S_COUNT]
  mov lr, r4
  subs r1, r1, r4
  mov r8, r1
  subs r3, r3, r4
  mov r9, r3
  mov r1, r2
  ldr r4, [sp, #S_ROWS]
  mov r12, r4
  ldr r3, [sp, #S_COLUMN]

.Lrow:
  mov r2, lr
  movs r4, r0
  orrs r4, r1
  lsls r4, r4, #30
  bne .Lbytes
  subs r2, #4
  blt .Lfew
.Lwords:
  ldm r0!, {r4}
  ldm r1!, {r5}
  LOW_BYTES r6, r4, r5, r7
  stm r3!, {r6}
  HIGH_BYTES r6, r4, r5, r7
  mov r10, r6
  rev16 r4, r4
  rev16 r5, r5
  HIGH_BYTES r6, r4, r5, r7
  sxtb r4, r4
  lsls r5, r5, #24
  asrs r5, r5, #8
  adds r5, r5, r4
  mov r7, r10
  stm r3!, {r5, r6, r7}
  subs r2, #4
  bge .Lwords
.Lfew:
  adds r2, #4
  beq .Lrow_done
.Lbytes: /* r0 r1 ends of the rows, r2 counts up to 0 */
  adds r0, r0, r2
  adds r1, r1, r2
  rsbs r2, r2, #0
  b 2f
1:
  SINGLE_BYTES r4
  SINGLE_BYTES r5
  SINGLE_BYTES r6
  stm r3!, {r4, r5, r6}
2:
  adds r4, r2, #3 /* three or more left? */
  ble 1b
  cmp r2, #0
  beq .Lrow_done
3:
  SINGLE_BYTES r4
  stm r3!, {r4}
  cmp r2, #0
  bne 3b
.Lrow_done:
  add r0, r8
  add r1, r9
  mov r4, r12
  subs r4, #1
  mov r12, r4
  bne .Lrow

  mov r0, r3
  pop {r4-r6}
  mov r8, r4
  mov r9, r5
  mov r10, r6
  pop {r4-r7, pc}
.size armv6m_pack_rows, . - armv6m_pack_rows
#endif
