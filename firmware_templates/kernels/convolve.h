/* Walks the output pixels of a convolution in pairs: packs their inputs into a column, multiplies it. */
#ifndef CONVOLVE_H
#define CONVOLVE_H

#include <stddef.h>

#include "memory.h"
#include "product.h"

#define SHORT_SEGMENT 8 /* bytes of a window's row that cost less to copy than to pack on their own */

/* What a core brings. `pack` appends `count` inputs of two pixels to the column and returns its end; it takes
 * whole multiples of `granule` inputs, a power of two, save at the end of a column. `multiply` gives all output
 * channels of both pixels. */
typedef struct {
  int granule;
  int8_t *(*pack)(const int8_t *a, const int8_t *b, int count, int8_t *column);
  void (*multiply)(const product_params_t *p, const int8_t *column, int8_t *out_a, int8_t *out_b);
} product_core_t;

static inline int8_t *fill(int8_t *to, int value, int count) {
  while (count-- > 0) *to++ = (int8_t)value;
  return to;
}

/* The window of one output pixel with the zero point where it leaves the image. */
static inline void gather_patch(const product_params_t *p, const int8_t *in, int top, int left, int8_t *patch) {
  const geometry_t *g = &p->geometry;
  int channels = p->in_channels;
  int skip = left < 0 ? -left : 0;
  int end = left + g->window_w > g->in_w ? g->in_w - left : g->window_w;
  int copied = end > skip ? (end - skip) * channels : 0;
  int before = copied ? skip * channels : g->window_w * channels, after = (g->window_w - end) * channels;
  const int8_t *from = in + (top * g->in_w + left + skip) * channels;
  for (int y = top; y < top + g->window_h; y++, from += g->in_w * channels) {
    int outside = y < 0 || y >= g->in_h || !copied;
    patch = fill(patch, p->in_zero_point, outside ? g->window_w * channels : before);
    if (outside) continue;
    if (copied >= 16) {
      memcpy(patch, from, (size_t)copied);
      patch += copied;
    } else {
      for (int i = 0; i < copied; i++) *patch++ = from[i];
    }
    patch = fill(patch, p->in_zero_point, after);
  }
}

static inline int window_is_inside(const geometry_t *g, int top, int left) {
  return top >= 0 && left >= 0 && top + g->window_h <= g->in_h && left + g->window_w <= g->in_w;
}

static inline void clamp_pixel(const product_params_t *p, int8_t *out) {
  for (int i = 0; i < p->out_channels; i++) {
    if (out[i] < p->act_min) out[i] = p->act_min;
    if (out[i] > p->act_max) out[i] = p->act_max;
  }
}

/* Windows whose rows lie `row_a` and `row_b` bytes apart: from each row what fills whole granules, then what is
 * left of each row; weights are packed in the same order. `rest` has room for the latter, 2 * depth bytes. */
__attribute__((always_inline)) static inline void pack_windows(const product_params_t *p, product_core_t core,
                                                               const int8_t *a, int row_a, const int8_t *b,
                                                               int row_b, int8_t *column, int8_t *rest) {
  int segment = p->geometry.window_w * p->in_channels;
  int rows = p->geometry.window_h;
  int left = rows == 1 ? 0 : segment & (core.granule - 1), whole = segment - left;
  int8_t *rest_a = rest, *rest_b = rest + p->depth;
  for (int y = 0; y < rows; y++, a += row_a, b += row_b) {
    if (whole) column = core.pack(a, b, whole, column);
    for (int i = whole; i < segment; i++) *rest_a++ = a[i], *rest_b++ = b[i];
  }
  if (left) core.pack(rest, rest + p->depth, rows * left, column);
}

/* The column of the pixels at (y_a, x_a) and (y_b, x_b). */
__attribute__((always_inline)) static inline void pack_column(const product_params_t *p, product_core_t core,
                                                              const int8_t *in, int y_a, int x_a, int y_b, int x_b,
                                                              int8_t *scratch) {
  const geometry_t *g = &p->geometry;
  int row = g->in_w * p->in_channels, segment = g->window_w * p->in_channels;
  int top_a = y_a * g->stride_h - g->pad_top, left_a = x_a * g->stride_w - g->pad_left;
  int top_b = y_b * g->stride_h - g->pad_top, left_b = x_b * g->stride_w - g->pad_left;
  int8_t *patch = scratch + 4 * p->depth;
  const int8_t *a = in + top_a * row + left_a * p->in_channels;
  const int8_t *b = in + top_b * row + left_b * p->in_channels;
  int row_a = row, row_b = row;
  int inside_a = window_is_inside(g, top_a, left_a), inside_b = window_is_inside(g, top_b, left_b);
  int is_short = segment < SHORT_SEGMENT && !(inside_a && inside_b);
  if (!inside_a || is_short) {
    gather_patch(p, in, top_a, left_a, patch);
    a = patch, row_a = segment;
  }
  if (!inside_b || is_short) {
    gather_patch(p, in, top_b, left_b, patch + p->depth);
    b = patch + p->depth, row_b = segment;
  }
  if (row_a == segment && row_b == segment && segment % core.granule == 0) {
    core.pack(a, b, g->window_h * segment, scratch);
    return;
  }
  pack_windows(p, core, a, row_a, b, row_b, scratch, patch + 2 * p->depth);
}

__attribute__((always_inline)) static inline void convolve(const product_params_t *p, product_core_t core,
                                                           const int8_t *in, int8_t *out, int8_t *scratch) {
  const geometry_t *g = &p->geometry;
  int pixels = g->out_h * g->out_w, channels = p->out_channels;
  int narrow = p->act_min > -128 || p->act_max < 127;
  int backward = p->flags & PRODUCT_BACKWARD;
  int plain = g->window_h * g->window_w * g->stride_h * g->stride_w == 1 && !g->pad_top && !g->pad_left;
  int y = 0, x = 0; /* of the next pixel, where windows are not plain */
  for (int done = 0; done < pixels; done += 2) {
    int a = backward ? pixels - 2 - done : done;
    int b = a + 1;
    if (a < 0) a = b; /* a single pixel is done twice at once */
    if (b == pixels) b = a;
    if (plain) {
      core.pack(in + a * p->in_channels, in + b * p->in_channels, p->in_channels, scratch);
    } else {
      int y_a = y, x_a = x;
      if (b > a && ++x == g->out_w) x = 0, y++;
      pack_column(p, core, in, y_a, x_a, y, x, scratch);
      if (++x == g->out_w) x = 0, y++;
    }
    core.multiply(p, scratch, out + a * channels, out + b * channels);
    if (narrow) {
      clamp_pixel(p, out + a * channels);
      clamp_pixel(p, out + b * channels);
    }
  }
}

#endif
