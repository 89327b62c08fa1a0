/* Int8 neural network kernels, bit-exact with TFLite Micro's double-rounding arithmetic;
 * those with weights are in product.h.
 *
 * Tensors are [height, width, channels], channels fastest, batch 1. Zero points are in [-128, 127].
 * A rescale is a Q31 multiplier and a power of two: value * multiplier / 2^31 * 2^shift.
 */
#ifndef KERNELS_H
#define KERNELS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  int32_t multiplier; /* Q31, 0 or in [2^30, 2^31) */
  int32_t shift;      /* exponent, in [-31, 30] */
} rescale_t;

/* Height and width of input, output and window; padding before the first row and column. */
typedef struct {
  int16_t in_h, in_w, out_h, out_w;
  int16_t window_h, window_w, stride_h, stride_w;
  int16_t pad_top, pad_left;
} geometry_t;

typedef struct {
  geometry_t geometry;
  int16_t channels;
  int16_t act_min, act_max;
} pool_params_t;

typedef struct {
  int32_t positions; /* height * width */
  int16_t channels;
  int16_t in_zero_point, out_zero_point;
  rescale_t rescale; /* includes 1 / positions */
} mean_params_t;

typedef struct {
  int32_t size;
  int16_t a_zero_point, b_zero_point, out_zero_point;
  int16_t act_min, act_max;
  rescale_t a_rescale, b_rescale, out_rescale;
} add_params_t;

/* Of an addition by a core's own kernel, which knows the constants. */
typedef struct {
  int32_t size;
  int16_t act_min, act_max;
  int32_t constants[7];
} fast_add_params_t;

typedef struct {
  int32_t rows;
  int16_t width;
  int32_t multiplier; /* Q31, of beta * scale * 2^26 */
  int32_t left_shift;
  int32_t diff_min; /* smaller differences to the maximum give probability 0 */
} softmax_params_t;

typedef struct {
  int16_t in_h, in_w, in_channels;
  int16_t out_h, out_w, out_channels;
  int16_t top, left, front; /* padding before rows, columns, channels */
  int16_t value;
} pad_params_t;

typedef struct {
  int32_t size;
  int16_t in_zero_point, out_zero_point;
  rescale_t rescale;
} requantize_params_t;

typedef struct {
  int32_t size;
  const int8_t *values; /* 256, for inputs from -128 */
} table_params_t;

typedef struct {
  int32_t positions; /* height * width */
  int16_t a_channels, b_channels;
} concat_params_t;

/* Both begin at a word. */
void copy_constants(int8_t *to, const void *from, size_t count);
/* Narrower limits than int8's own; the cores' kernels leave them to this. */
void limit_s8(int8_t *values, int count, int low, int high);
void average_pool_s8(const pool_params_t *p, const int8_t *in, int8_t *out);
void max_pool_s8(const pool_params_t *p, const int8_t *in, int8_t *out);
void mean_s8(const mean_params_t *p, const int8_t *in, int8_t *out);
void add_s8(const add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out);
void add_s8_armv6m(const fast_add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out);
void add_s8_armv7em(const fast_add_params_t *p, const int8_t *a, const int8_t *b, int8_t *out);
/* The window is the whole image; channels come in fours. */
void average_pool_s8_armv6m(const pool_params_t *p, const int8_t *in, int8_t *out);
void mean_s8_armv6m(const mean_params_t *p, const int8_t *in, int8_t *out);
void average_pool_s8_armv7em(const pool_params_t *p, const int8_t *in, int8_t *out);
void mean_s8_armv7em(const mean_params_t *p, const int8_t *in, int8_t *out);
void softmax_s8(const softmax_params_t *p, const int8_t *in, int8_t *out);
void pad_s8(const pad_params_t *p, const int8_t *in, int8_t *out);
void requantize_s8(const requantize_params_t *p, const int8_t *in, int8_t *out);
void concat_s8(const concat_params_t *p, const int8_t *a, const int8_t *b, int8_t *out);
void table_s8(const table_params_t *p, const int8_t *in, int8_t *out);

#endif
