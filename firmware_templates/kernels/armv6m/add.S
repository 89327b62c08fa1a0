/* Addition of two maps for Cortex-M0: (a * p + b * q + r) >> s, with p, q, r and s chosen and proved when the layer is
 * packed: they give what TFLite's arithmetic gives for each of the 65,536 pairs of inputs. */
#ifdef __ARM_ARCH_6M__
#include "requantize_macros.h"
.syntax unified
.thumb

/* void armv6m_add(const int32_t constants[4], const int8_t *a, const int8_t *b, int8_t *out, int32_t size)
 * r0 a, r1 b, r2 out, all at their ends, r3 counts up to 0, r4 r5 operands, r6 p, r7 q, r8 r, r9 s */
.section .text.armv6m_add, "ax", %progbits
.balign 4
.global armv6m_add
.type armv6m_add, %function
.thumb_func
armv6m_add:
  push {r4-r7, lr}
  mov r4, r8
  mov r5, r9
  push {r4, r5}
  ldm r0!, {r4, r5, r6, r7}
  mov r8, r6
  mov r9, r7
  movs r6, r4
  movs r7, r5
  mov r0, r1
  mov r1, r2
  mov r2, r3
  ldr r3, [sp, #28]
  adds r0, r0, r3
  adds r1, r1, r3
  adds r2, r2, r3
  rsbs r3, r3, #0
1:
  ldrsb r4, [r0, r3]
  ldrsb r5, [r1, r3]
  muls r4, r6
  muls r5, r7
  adds r4, r4, r5
  add r4, r8
  mov r5, r9
  asrs r4, r5
  CLAMP r4, r5
  strb r4, [r2, r3]
  adds r3, #1
  bne 1b
  pop {r4, r5}
  mov r8, r4
  mov r9, r5
  pop {r4-r7, pc}
.size armv6m_add, . - armv6m_add
#endif
