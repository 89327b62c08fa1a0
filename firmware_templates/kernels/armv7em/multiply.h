/* The assembly behind convolution and dense layers on Cortex-M4. */
#ifndef MULTIPLY_H
#define MULTIPLY_H

#include "product.h"

void armv7em_pack_rows(const int8_t *a, int row_a, const int8_t *b, int row_b, int rows, int count, int8_t *column,
                       int8_t *rest);
void armv7em_pack_single(const int8_t *a, int count, int8_t *column);
void armv7em_multiply_pair(const product_params_t *p, const int8_t *column, int8_t *out_a, int8_t *out_b);
void armv7em_multiply_single(const product_params_t *p, const int8_t *column, int8_t *out);
/* `pairs` pairs of pixels whose windows lie inside the image, at `in` and on. scratch as for the layer. */
void armv7em_multiply_pixels(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch, int pairs);

#endif
