/* Where the assembly finds the fields of structures; the C files that call it check them. */
#ifndef OFFSETS_H
#define OFFSETS_H

/* product_params_t */
#define P_OUT_CHANNELS 22
#define P_OUT_ZERO_POINT 26
#define P_DEPTH 28
#define P_FLAGS 30
#define P_WEIGHTS 32
#define P_MULTIPLIER 40

/* gather_t of depthwise.c */
#define G_STEP_A 0
#define G_STEP_B 4
#define G_ROW_A 8
#define G_ROW_B 12
#define G_ROWS 16
#define G_LENGTH 20
#define G_PADDING 24

/* rows_t of depthwise.c */
#define R_ADDEND 56
#define R_DELTA 64
#define R_ROW_END 72
#define R_SKIP 80
#define R_NEXT_ROW 84
#define R_ROW_BYTES 88
#define R_ROWS 92
#define R_PLANE 96
#define R_OUT 100
#define R_ALONE 104

#define FLAG_NARROW 1 /* in flags: which requantisation, see requantize_macros.h */

#endif
