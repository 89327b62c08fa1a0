#include "fixed_point.h"
#include "window.h"

static inline void keep_larger(int8_t *best, const int8_t *values, int count) {
  for (int i = 0; i < count; i++) {
    if (values[i] > best[i]) best[i] = values[i];
  }
}

/* All channels of a pixel at once, so that what belongs to a tap of the window is done once. */
void max_pool_s8(const pool_params_t *p, const int8_t *in, int8_t *out) {
  const geometry_t *g = &p->geometry;
  const int channels = p->channels;
  for (int y = 0; y < g->out_h; y++) {
    for (int x = 0; x < g->out_w; x++, out += channels) {
      window_t window = window_inside(g, y, x);
      for (int i = 0; i < channels; i++) out[i] = (int8_t)p->act_min;
      for (int row = window.y_begin; row < window.y_end; row++) {
        const int8_t *values = in + (row * g->in_w + window.x_begin) * channels;
        for (int column = window.x_begin; column < window.x_end; column++, values += channels) {
          keep_larger(out, values, channels);
        }
      }
      for (int i = 0; i < channels; i++) out[i] = (int8_t)clamp(out[i], p->act_min, p->act_max);
    }
  }
}
