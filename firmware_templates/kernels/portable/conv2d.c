/* Convolution: each window is gathered into a patch (padding becomes the zero point), two at a time. */
#include <stddef.h>
#include "memory.h"

#include "dot.h"

static void gather_patch(const conv_params_t *p, const int8_t *in, int out_y, int out_x, int8_t *patch) {
  const geometry_t *g = &p->geometry;
  int row_bytes = g->window_w * p->in_channels;
  int left = out_x * g->stride_w - g->pad_left;
  int skip = left < 0 ? -left : 0;
  int end = left + g->window_w > g->in_w ? g->in_w - left : g->window_w;
  for (int ky = 0; ky < g->window_h; ky++, patch += row_bytes) {
    int y = out_y * g->stride_h - g->pad_top + ky;
    if (y < 0 || y >= g->in_h || end <= skip) {
      memset(patch, p->in_zero_point, (size_t)row_bytes);
      continue;
    }
    memset(patch, p->in_zero_point, (size_t)(skip * p->in_channels));
    memcpy(patch + skip * p->in_channels, in + (y * g->in_w + left + skip) * p->in_channels,
           (size_t)((end - skip) * p->in_channels));
    memset(patch + end * p->in_channels, p->in_zero_point, (size_t)((g->window_w - end) * p->in_channels));
  }
}

void conv2d_s8(const conv_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  const geometry_t *g = &p->geometry;
  int patch_bytes = g->window_h * g->window_w * p->in_channels;
  int pending = 0;
  for (int y = 0; y < g->out_h; y++) {
    for (int x = 0; x < g->out_w; x++) {
      gather_patch(p, in, y, x, scratch + pending * patch_bytes);
      if (++pending == 2) {
        patches_to_outputs(p, scratch, scratch + patch_bytes, patch_bytes, out);
        out += 2 * p->out_channels;
        pending = 0;
      }
    }
  }
  if (pending) patches_to_outputs(p, scratch, NULL, patch_bytes, out);
}
