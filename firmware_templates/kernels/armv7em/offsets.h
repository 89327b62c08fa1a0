/* Where the assembly finds the fields of structures; the C files that call it check them. */
#ifndef OFFSETS_H
#define OFFSETS_H

/* product_params_t, which begins with its geometry_t */
#define P_IN_W 2
#define P_WINDOW_H 8
#define P_WINDOW_W 10
#define P_STRIDE_W 14
#define P_IN_CHANNELS 20
#define P_OUT_CHANNELS 22
#define P_OUT_ZERO_POINT 26
#define P_DEPTH 28
#define P_FLAGS 30
#define P_WEIGHTS 32
#define P_STREAM 36
#define P_BACKWARD 0x4000 /* PRODUCT_BACKWARD */

/* gather_t of depthwise.c */
#define G_STEP 0
#define G_LINE_STEP 4
#define G_LINES 8
#define G_LENGTH 12
#define G_PAD_START 16
#define G_PAIR_STEP 20

/* lines_t of depthwise.c */
#define L_PLANE 0
#define L_STEPS 4
#define L_SUMS 8
#define L_OUT 12
#define L_STEP 16
#define L_LINE_STEP 20
#define L_LENGTH 24
#define L_LINES 28
#define L_BIAS 32
#define L_MULTIPLIER 36
#define L_POWER 40
#define L_ZERO_POINT 44
#define L_TAPS 48
#define L_WEIGHTS 52

#endif
