/* Convolution with any window on Cortex-M4.
 *
 * Pixels whose windows lie inside the image go to the assembly in runs of pairs. The windows of all others are
 * gathered one by one; two of them make a pair, wherever they are. */
#ifdef __ARM_FEATURE_DSP
#include "convolve.h"
#include "multiply.h"

typedef struct {
  const product_params_t *p;
  const int8_t *in;
  int8_t *scratch;
  int8_t *waiting; /* output of a gathered window that has no partner yet, or NULL */
} edges_t;

static void multiply_windows(const edges_t *e, int8_t *out_a, int8_t *out_b) {
  const product_params_t *p = e->p;
  int depth = p->depth, segment = p->geometry.window_w * p->in_channels;
  const int8_t *a = e->scratch + 4 * depth, *b = out_a == out_b ? a : a + depth;
  armv7em_pack_rows(a, segment, b, segment, p->geometry.window_h, segment, e->scratch, e->scratch + 6 * depth);
  armv7em_multiply_pair(p, e->scratch, out_a, out_b);
}

static void convolve_edge(edges_t *e, int y, int x, int8_t *out) {
  const geometry_t *g = &e->p->geometry;
  int8_t *window = e->scratch + (e->waiting ? 5 : 4) * e->p->depth;
  gather_window(e->p, e->in, y * g->stride_h - g->pad_top, x * g->stride_w - g->pad_left, window);
  if (!e->waiting) {
    e->waiting = out;
  } else {
    multiply_windows(e, e->waiting, out);
    e->waiting = NULL;
  }
}

void conv2d_s8_armv7em(const product_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  const geometry_t *g = &p->geometry;
  const int channels = p->in_channels, row = g->in_w * channels;
  const span_t inside_y = inside_span(g->out_h, g->stride_h, g->pad_top, g->window_h, g->in_h);
  const span_t inside_x = inside_span(g->out_w, g->stride_w, g->pad_left, g->window_w, g->in_w);
  edges_t edges = {p, in, scratch, NULL};
  int8_t *at = out;
  for (int y = 0; y < g->out_h; y++) {
    int pairs = y >= inside_y.first && y <= inside_y.last ? (inside_x.last - inside_x.first + 1) / 2 : 0;
    for (int x = 0; x < g->out_w;) {
      if (x == inside_x.first && pairs > 0) {
        const int8_t *window = in + (y * g->stride_h - g->pad_top) * row + (x * g->stride_w - g->pad_left) * channels;
        armv7em_multiply_pixels(p, window, at, scratch, pairs);
        x += 2 * pairs;
        at += 2 * pairs * p->out_channels;
      } else {
        convolve_edge(&edges, y, x++, at);
        at += p->out_channels;
      }
    }
  }
  if (edges.waiting) multiply_windows(&edges, edges.waiting, edges.waiting);
  limit_s8(out, g->out_h * g->out_w * p->out_channels, p->act_min, p->act_max);
}
#endif
