#include "fixed_point.h"
#include "product.h"

/* Any window, stride and channel multiplier; taps outside the image see the zero point. */
void depthwise_s8_portable(const depthwise_params_t *p, const int8_t *in, int8_t *out) {
  const geometry_t *g = &p->geometry;
  int multiplier = p->channels / p->in_channels;
  for (int y = 0; y < g->out_h; y++) {
    int top = y * g->stride_h - g->pad_top;
    for (int x = 0; x < g->out_w; x++) {
      int left = x * g->stride_w - g->pad_left;
      const int8_t *weight = p->weights;
      for (int channel = 0; channel < p->channels; channel++) {
        int32_t sum = p->bias[channel];
        for (int row = top; row < top + g->window_h; row++) {
          for (int column = left; column < left + g->window_w; column++) {
            int inside = row >= 0 && row < g->in_h && column >= 0 && column < g->in_w;
            int32_t value =
                inside ? in[(row * g->in_w + column) * p->in_channels + channel / multiplier] : p->in_zero_point;
            sum += value * *weight++;
          }
        }
        rescale_t by = {p->multiplier[channel], p->shift[channel]};
        *out++ = (int8_t)clamp(rescale(sum, by) + p->out_zero_point, p->act_min, p->act_max);
      }
    }
  }
}
