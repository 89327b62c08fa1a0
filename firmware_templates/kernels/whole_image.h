/* Averages over a whole image, four channels at a time. */
#ifndef WHOLE_IMAGE_H
#define WHOLE_IMAGE_H

#include "fixed_point.h"

#define MOST_PIXELS 255 /* whose sum fits half a word, with and without sign */

/* What a core brings: sums of four neighbouring channels over at most MOST_PIXELS pixels. */
typedef void (*sum_pixels_t)(const int8_t *in, int channels, int pixels, int32_t sums[4]);

__attribute__((always_inline)) static inline void sum_image(sum_pixels_t sum_pixels, const int8_t *in, int channels,
                                                            int32_t pixels, int32_t sums[4]) {
  int32_t count = pixels < MOST_PIXELS ? pixels : MOST_PIXELS;
  sum_pixels(in, channels, count, sums);
  while (pixels -= count) {
    int32_t more[4];
    in += count * channels;
    count = pixels < MOST_PIXELS ? pixels : MOST_PIXELS;
    sum_pixels(in, channels, count, more);
    for (int i = 0; i < 4; i++) sums[i] += more[i];
  }
}

__attribute__((always_inline)) static inline void average_image(sum_pixels_t sum_pixels, const pool_params_t *p,
                                                                const int8_t *in, int8_t *out) {
  int32_t pixels = p->geometry.in_h * p->geometry.in_w, half = pixels / 2;
  for (int channel = 0; channel < p->channels; channel += 4) {
    int32_t sums[4];
    sum_image(sum_pixels, in + channel, p->channels, pixels, sums);
    for (int i = 0; i < 4; i++) {
      int32_t mean = sums[i] > 0 ? (sums[i] + half) / pixels : (sums[i] - half) / pixels;
      *out++ = (int8_t)clamp(mean, p->act_min, p->act_max);
    }
  }
}

__attribute__((always_inline)) static inline void mean_image(sum_pixels_t sum_pixels, const mean_params_t *p,
                                                             const int8_t *in, int8_t *out) {
  int32_t zero = p->in_zero_point * p->positions;
  for (int channel = 0; channel < p->channels; channel += 4) {
    int32_t sums[4];
    sum_image(sum_pixels, in + channel, p->channels, p->positions, sums);
    for (int i = 0; i < 4; i++) {
      *out++ = (int8_t)clamp(rescale(sums[i] - zero, p->rescale) + p->out_zero_point, -128, 127);
    }
  }
}

#endif
