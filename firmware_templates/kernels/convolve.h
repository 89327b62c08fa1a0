/* Walks the output pixels of a convolution in pairs: packs their inputs into a column, multiplies it. */
#ifndef CONVOLVE_H
#define CONVOLVE_H

#include <stddef.h>

#include "product.h"

/* What a core brings. `pack_rows` makes the column of two pixels from `rows` rows of `count` inputs that lie
 * `row_a` and `row_b` bytes apart, in the order in which the weights are packed; `rest` is working memory of
 * 2 * depth bytes, not needed for a single row. `multiply` gives all output channels of both pixels. */
typedef struct {
  void (*pack_rows)(const int8_t *a, int row_a, const int8_t *b, int row_b, int rows, int count, int8_t *column,
                    int8_t *rest);
  void (*multiply)(const product_params_t *p, const int8_t *column, int8_t *out_a, int8_t *out_b);
} product_core_t;

/* First and last output along an axis whose window lies inside the image; last < first for none. */
typedef struct {
  int first, last;
} span_t;

span_t inside_span(int count, int stride, int pad, int window, int size);
/* The window that begins at (top, left), with the zero point where it leaves the image. */
void gather_window(const product_params_t *p, const int8_t *in, int top, int left, int8_t *window);

/* An output pixel, and where its window begins in the input, were there no edges. */
typedef struct {
  int y, x;
  const int8_t *window;
} pixel_t;

__attribute__((always_inline)) static inline void next_pixel(pixel_t *at, int out_w, int step, int line) {
  at->window += step;
  if (++at->x == out_w) {
    at->x = 0;
    at->y++;
    at->window += line;
  }
}

static inline int is_inside(pixel_t at, span_t y, span_t x) {
  return at.y >= y.first && at.y <= y.last && at.x >= x.first && at.x <= x.last;
}

/* Windows of any size, stride and padding, from the first pixel to the last. */
__attribute__((always_inline)) static inline void convolve_windows(const product_params_t *p, product_core_t core,
                                                                   const int8_t *in, int8_t *out, int8_t *scratch) {
  const geometry_t g = p->geometry;
  const int in_channels = p->in_channels, channels = p->out_channels, depth = p->depth;
  const int row = g.in_w * in_channels, segment = g.window_w * in_channels, rows = g.window_h;
  const int step = g.stride_w * in_channels, line = g.stride_h * row - g.out_w * step;
  const span_t inside_y = inside_span(g.out_h, g.stride_h, g.pad_top, g.window_h, g.in_h);
  const span_t inside_x = inside_span(g.out_w, g.stride_w, g.pad_left, g.window_w, g.in_w);
  int8_t *patch = scratch + 4 * depth, *first = out;
  pixel_t a = {0, 0, in - g.pad_top * row - g.pad_left * in_channels};
  for (int left = g.out_h * g.out_w; left > 0; left -= 2) {
    pixel_t b = a;
    int8_t *out_b = out;
    if (left > 1) { /* else a single pixel is done twice at once */
      next_pixel(&b, g.out_w, step, line);
      out_b += channels;
    }
    int inside_a = is_inside(a, inside_y, inside_x), inside_b = is_inside(b, inside_y, inside_x);
    const int8_t *from_a = a.window, *from_b = b.window;
    int row_a = row, row_b = row;
    if (!inside_a) {
      gather_window(p, in, a.y * g.stride_h - g.pad_top, a.x * g.stride_w - g.pad_left, patch);
      from_a = patch, row_a = segment;
    }
    if (!inside_b) {
      gather_window(p, in, b.y * g.stride_h - g.pad_top, b.x * g.stride_w - g.pad_left, patch + depth);
      from_b = patch + depth, row_b = segment;
    }
    core.pack_rows(from_a, row_a, from_b, row_b, rows, segment, scratch, patch + 2 * depth);
    core.multiply(p, scratch, out, out_b);
    a = b;
    next_pixel(&a, g.out_w, step, line);
    out = out_b + channels;
  }
  limit_s8(first, g.out_h * g.out_w * channels, p->act_min, p->act_max);
}

/* A 1x1 window with stride 1. */
__attribute__((always_inline)) static inline void convolve_pixels(const product_params_t *p, product_core_t core,
                                                                  const int8_t *in, int8_t *out, int8_t *scratch) {
  const int pixels = p->geometry.out_h * p->geometry.out_w;
  const int in_channels = p->in_channels, channels = p->out_channels;
  const int backward = p->flags & PRODUCT_BACKWARD;
  for (int done = 0; done < pixels; done += 2) {
    int a = backward ? pixels - 2 - done : done;
    int b = a + 1;
    if (a < 0) a = b; /* a single pixel is done twice at once */
    if (b == pixels) b = a;
    core.pack_rows(in + a * in_channels, 0, in + b * in_channels, 0, 1, in_channels, scratch, NULL);
    core.multiply(p, scratch, out + a * channels, out + b * channels);
  }
  limit_s8(out, pixels * channels, p->act_min, p->act_max);
}

#endif
