/* Where the assembly finds the fields of structures; the C files that call it check them. */
#ifndef OFFSETS_H
#define OFFSETS_H

/* product_params_t */
#define P_OUT_CHANNELS 22
#define P_OUT_ZERO_POINT 26
#define P_DEPTH 28
#define P_FLAGS 30
#define P_WEIGHTS 32

#define FLAG_NARROW 1 /* in flags: which requantisation, see requantize_macros.h */

#endif
