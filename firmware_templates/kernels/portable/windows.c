/* What convolutions do at the edges of the image, on every core. */
#include "convolve.h"
#include "memory.h"

static int8_t *fill(int8_t *to, int value, int count) {
  if (count > 0) memset(to, value, (size_t)count);
  return to + count;
}

/* How many of `count` places from `first` on lie before 0, and from `size` on. */
static int places_before(int first, int count) { return first >= 0 ? 0 : -first < count ? -first : count; }
static int places_after(int first, int count, int size) {
  int after = first + count - size;
  return after <= 0 ? 0 : after < count ? after : count;
}

void gather_window(const product_params_t *p, const int8_t *in, int top, int left, int8_t *window) {
  const geometry_t *g = &p->geometry;
  const int channels = p->in_channels, zero = p->in_zero_point, segment = g->window_w * channels;
  const int above = places_before(top, g->window_h), below = places_after(top, g->window_h, g->in_h);
  const int before = places_before(left, g->window_w) * channels;
  const int after = places_after(left, g->window_w, g->in_w) * channels;
  const int copied = segment - before - after, row = g->in_w * channels;
  const int8_t *from = in + ((top + above) * g->in_w + left) * channels + before;
  window = fill(window, zero, above * segment);
  for (int y = g->window_h - above - below; y > 0; y--, from += row) {
    window = fill(window, zero, before);
    if (copied >= 16) {
      memcpy(window, from, (size_t)copied);
      window += copied;
    } else {
      for (int i = 0; i < copied; i++) *window++ = from[i];
    }
    window = fill(window, zero, after);
  }
  fill(window, zero, below * segment);
}

span_t inside_span(int count, int stride, int pad, int window, int size) {
  span_t span = {0, -1};
  for (int i = 0, at = -pad; i < count; i++, at += stride) {
    if (at < 0) span.first = i + 1;
    if (at + window <= size) span.last = i;
  }
  return span;
}
