#include "kernels.h"
#include "window.h"

static inline void copy(int8_t *best, const int8_t *values, int count) {
  for (int i = 0; i < count; i++) best[i] = values[i];
}

static inline void keep_larger(int8_t *best, const int8_t *values, int count) {
  for (int i = 0; i < count; i++) {
    int value = values[i];
    if (value > best[i]) best[i] = (int8_t)value;
  }
}

/* All channels of a pixel at once, so that what belongs to a tap of the window is done once. */
void max_pool_s8(const pool_params_t *p, const int8_t *in, int8_t *out) {
  const geometry_t *g = &p->geometry;
  const int channels = p->channels;
  for (int y = 0; y < g->out_h; y++) {
    for (int x = 0; x < g->out_w; x++, out += channels) {
      window_t window = window_inside(g, y, x);
      int taps = 0;
      for (int row = window.y_begin; row < window.y_end; row++) {
        const int8_t *values = in + (row * g->in_w + window.x_begin) * channels;
        for (int column = window.x_begin; column < window.x_end; column++, values += channels) {
          if (taps++) keep_larger(out, values, channels);
          else copy(out, values, channels);
        }
      }
      limit_s8(out, channels, p->act_min, p->act_max);
    }
  }
}
