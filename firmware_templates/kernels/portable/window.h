/* The part of a pooling window that lies inside the image. */
#ifndef WINDOW_H
#define WINDOW_H

#include "kernels.h"

typedef struct {
  int y_begin, y_end, x_begin, x_end; /* input coordinates, end exclusive */
} window_t;

static inline window_t window_inside(const geometry_t *g, int out_y, int out_x) {
  int top = out_y * g->stride_h - g->pad_top;
  int left = out_x * g->stride_w - g->pad_left;
  window_t window = {top, top + g->window_h, left, left + g->window_w};
  if (window.y_begin < 0) window.y_begin = 0;
  if (window.x_begin < 0) window.x_begin = 0;
  if (window.y_end > g->in_h) window.y_end = g->in_h;
  if (window.x_end > g->in_w) window.x_end = g->in_w;
  return window;
}

#endif
