#include "fixed_point.h"

/* Taps outside the image contribute nothing, which is what padding with the zero point means. */
void depthwise_s8(const depthwise_params_t *p, const int8_t *in, int8_t *out) {
  const geometry_t *g = &p->geometry;
  int step = p->in_channels, channels = step * p->multiplier;
  int zero = p->in_zero_point;
  for (int y = 0; y < g->out_h; y++) {
    int top = y * g->stride_h - g->pad_top;
    int ky_begin = top < 0 ? -top : 0;
    int ky_end = top + g->window_h > g->in_h ? g->in_h - top : g->window_h;
    for (int x = 0; x < g->out_w; x++) {
      int left = x * g->stride_w - g->pad_left;
      int kx_begin = left < 0 ? -left : 0;
      int kx_end = left + g->window_w > g->in_w ? g->in_w - left : g->window_w;
      for (int channel = 0; channel < channels; channel++) {
        int in_channel = p->multiplier == 1 ? channel : channel / p->multiplier;
        int32_t sum = p->bias[channel];
        for (int ky = ky_begin; ky < ky_end; ky++) {
          const int8_t *value = in + ((top + ky) * g->in_w + left + kx_begin) * step + in_channel;
          const int8_t *weight = p->weights + (ky * g->window_w + kx_begin) * channels + channel;
          if (kx_end - kx_begin == 3) { /* nearly always */
            sum += (value[0] - zero) * weight[0] + (value[step] - zero) * weight[channels] +
                   (value[2 * step] - zero) * weight[2 * channels];
            continue;
          }
          for (int kx = kx_begin; kx < kx_end; kx++, value += step, weight += channels)
            sum += (*value - zero) * *weight;
        }
        *out++ = (int8_t)clamp(rescale(sum, p->rescale[channel]) + p->out_zero_point, p->act_min, p->act_max);
      }
    }
  }
}
