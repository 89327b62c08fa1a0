#include "fixed_point.h"
#include "window.h"

/* The mean of the taps inside the image, halves rounded away from zero. */
void average_pool_s8(const pool_params_t *p, const int8_t *in, int8_t *out) {
  const geometry_t *g = &p->geometry;
  for (int y = 0; y < g->out_h; y++) {
    for (int x = 0; x < g->out_w; x++) {
      window_t window = window_inside(g, y, x);
      int32_t count = (window.y_end - window.y_begin) * (window.x_end - window.x_begin);
      for (int channel = 0; channel < p->channels; channel++) {
        int32_t sum = 0;
        for (int row = window.y_begin; row < window.y_end; row++) {
          const int8_t *value = in + (row * g->in_w + window.x_begin) * p->channels + channel;
          for (int column = window.x_begin; column < window.x_end; column++, value += p->channels) sum += *value;
        }
        int32_t mean = sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
        *out++ = (int8_t)clamp(mean, p->act_min, p->act_max);
      }
    }
  }
}
