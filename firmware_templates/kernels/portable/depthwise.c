#include "fixed_point.h"
#include "product.h"
#include "window.h"

/* Sum of a row of the window whose taps outside the image see the zero point. */
typedef struct {
  int before, inside, after; /* taps */
} taps_t;

static inline int32_t sum_row(taps_t taps, const int8_t *weight, const int8_t *value, int step, int32_t zero_point) {
  int32_t sum = 0;
  for (int i = 0; i < taps.before; i++) sum += *weight++;
  const int8_t *last = weight + taps.inside;
  for (int i = 0; i < taps.after; i++) sum += last[i];
  sum *= zero_point;
  for (; weight != last; value += step) sum += *value * *weight++;
  return sum;
}

/* Any window, stride and channel multiplier. */
void depthwise_s8_portable(const depthwise_params_t *p, const int8_t *in, int8_t *out) {
  const geometry_t *g = &p->geometry;
  const int multiplier = p->channels / p->in_channels, row_bytes = g->in_w * p->in_channels;
  const taps_t none = {g->window_w, 0, 0};
  for (int y = 0; y < g->out_h; y++) {
    for (int x = 0; x < g->out_w; x++) {
      window_t inside = window_inside(g, y, x);
      const int top = y * g->stride_h - g->pad_top, left = x * g->stride_w - g->pad_left;
      taps_t some = none;
      if (inside.x_begin < inside.x_end) {
        some.before = inside.x_begin - left;
        some.inside = inside.x_end - inside.x_begin;
        some.after = left + g->window_w - inside.x_end;
      }
      const int8_t *weight = p->weights;
      const int8_t *first = in + (top * g->in_w + left + some.before) * p->in_channels;
      for (int channel = 0, copy = 0; channel < p->channels; channel++) {
        const int8_t *value = first;
        int32_t sum = p->bias[channel];
        for (int row = top; row < top + g->window_h; row++, value += row_bytes, weight += g->window_w) {
          int is_inside = row >= inside.y_begin && row < inside.y_end;
          sum += sum_row(is_inside ? some : none, weight, value, p->in_channels, p->in_zero_point);
        }
        rescale_t by = {p->multiplier[channel], p->shift[channel]};
        *out++ = (int8_t)clamp(rescale(sum, by) + p->out_zero_point, p->act_min, p->act_max);
        if (++copy == multiplier) copy = 0, first++;
      }
    }
  }
}
