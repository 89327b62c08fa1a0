/* Layers with weights: parameters that all cores share; constants are packed as the core's kernel reads them. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include "kernels.h"

#define PRODUCT_BACKWARD 0x4000 /* in flags: from the last pixel to the first, for outputs that overlap inputs */

/* Convolution and dense layer: a matrix of weights by columns of inputs. */
typedef struct {
  geometry_t geometry;
  int16_t in_channels, out_channels;
  int16_t in_zero_point, out_zero_point;
  int16_t depth; /* inputs of one output, rounded up to a multiple of 4 */
  int16_t flags; /* PRODUCT_BACKWARD, the rest is the core's own */
  const void *weights;
  const int32_t *bias; /* bias - in_zero_point * sum(weights) */
  const int32_t *multiplier;
  const int8_t *shift;
  int8_t act_min, act_max;
} product_params_t;

/* Depthwise convolution. */
typedef struct {
  geometry_t geometry;
  int16_t channels; /* of the output */
  int16_t in_channels;
  int16_t in_zero_point, out_zero_point;
  const int8_t *weights; /* [channels, window_h, window_w] */
  const int32_t *bias;   /* bias - in_zero_point * sum(weights) */
  const int32_t *multiplier;
  const int8_t *shift;
  int16_t flags; /* the core's own */
  int8_t act_min, act_max;
} depthwise_params_t;

/* scratch: a column of 4 * depth bytes and 4 * depth bytes to gather windows. */
void conv2d_s8_portable(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);
void conv2d_s8_armv6m(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);
void conv2d_s8_armv7em(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);

/* A 1x1 window with stride 1; scratch: a column. */
void pointwise_s8_portable(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);
void pointwise_s8_armv6m(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);
void pointwise_s8_armv7em(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);

/* One vector; scratch: 4 * depth bytes on Cortex-M0, 2 * depth on M4. */
void dense_s8_portable(const product_params_t *p, const int8_t *in, int8_t *out);
void dense_s8_armv6m(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);
void dense_s8_armv7em(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);

void depthwise_s8_portable(const depthwise_params_t *p, const int8_t *in, int8_t *out);
void depthwise_s8_armv6m(const depthwise_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);
/* Outputs with another zero point than -128. */
void depthwise_s8_armv6m_signed(const depthwise_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);
void depthwise_s8_armv7em(const depthwise_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch);

#endif
