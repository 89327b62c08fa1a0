/* 3x3 depthwise convolution on Cortex-M4, channel by channel.
 *
 * A channel is copied into a padded plane before its outputs are written, so the output may lie where the input
 * does. Lines are the rows of the image, or its columns where flags say so: long lines are faster. Large planes
 * are done in bands of lines, the last two lines of a band being the first of the next. */
#ifdef __ARM_FEATURE_DSP
#include <stddef.h>

#include "memory.h"
#include "offsets.h"
#include "product.h"

#define TRANSPOSED 1 /* in flags */
#define BAND_SHIFT 1 /* the number of lines in the plane stands above it in flags */

typedef struct {
  int32_t step, line_step;                /* bytes between inputs and between lines of them */
  int32_t lines, length;                  /* to copy, without padding */
  int32_t pad_start;                      /* 0 or 1 columns before the first */
  int32_t pair_step;                      /* bytes between pairs of columns in the plane */
} gather_t;

typedef struct {
  int16_t *plane; /* first line of the first window */
  int32_t steps;  /* of a line, less one, above 16 bits; below, bytes between pairs of columns in the plane */
  int32_t *sums;  /* of a line */
  int8_t *out;
  int32_t step, line_step; /* bytes between outputs and between lines of them */
  int32_t length, lines;   /* of the output */
  int32_t bias, multiplier, power, zero_point;
  const int8_t *taps;  /* weights along the first line, the second, the third */
  uint32_t weights[6]; /* the same in pairs, set by the kernel */
} lines_t;

_Static_assert(offsetof(gather_t, pair_step) == G_PAIR_STEP && offsetof(gather_t, lines) == G_LINES, "offsets.h");
_Static_assert(offsetof(lines_t, out) == L_OUT && offsetof(lines_t, lines) == L_LINES, "offsets.h");
_Static_assert(offsetof(lines_t, bias) == L_BIAS && offsetof(lines_t, weights) == L_WEIGHTS && offsetof(lines_t, taps) == L_TAPS, "offsets.h");

void armv7em_gather_plane(const gather_t *g, const int8_t *in, int16_t *plane);
void armv7em_depthwise_lines_1(lines_t *l);
void armv7em_depthwise_lines_2(lines_t *l);

/* Sizes along and across lines. */
typedef struct {
  int in_lines, out_lines, stride, pad_lines;
  int pairs;   /* of columns in the plane */
  int band;    /* lines in the plane */
  int whole;   /* whether the plane holds all lines, so that its padding is written once */
} shape_t;

static uint32_t pair_of(int low, int high) { return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16; }

/* Lines `first` to `end` of the padded image into the plane, whose line `at` they begin with. */
static void load_lines(const depthwise_params_t *p, const shape_t *s, gather_t *g, const int8_t *in, int first,
                       int end, int16_t *plane, int at) {
  int begin = first < s->pad_lines ? s->pad_lines : first;
  int stop = end > s->pad_lines + s->in_lines ? s->pad_lines + s->in_lines : end;
  g->lines = stop - begin;
  if (g->lines > 0)
    armv7em_gather_plane(g, in + (begin - s->pad_lines) * g->line_step, plane + 2 * (at + begin - first));
  uint32_t padding = pair_of(p->in_zero_point, p->in_zero_point);
  uint32_t *words = (uint32_t *)(void *)plane;
  for (int line = first; line < end; line++) {
    if (line >= begin && line < stop) continue;
    for (int pair = 0; pair < s->pairs; pair++) words[pair * s->band + at + line - first] = padding;
  }
}

static void keep_last_lines(const shape_t *s, int16_t *plane, int lines) {
  uint32_t *words = (uint32_t *)(void *)plane;
  for (int pair = 0; pair < s->pairs; pair++, words += s->band)
    for (int i = 0; i < lines; i++) words[i] = words[s->band - lines + i];
}

/* A channel whose plane does not hold all lines. */
static void depthwise_bands(const depthwise_params_t *p, const shape_t *s, gather_t *g, lines_t *l, const int8_t *in,
                            int16_t *plane) {
  int loaded = 0, kept = 0; /* lines of the padded image; those at the plane's begin that stay */
  int fits = (s->band - 3) / s->stride + 1;
  int count;
  for (int done = 0; done < s->out_lines; done += count) {
    count = s->out_lines - done < fits ? s->out_lines - done : fits;
    int end = (done + count - 1) * s->stride + 3;
    load_lines(p, s, g, in, loaded, end, plane, kept);
    loaded = end;
    l->plane = plane;
    l->lines = count;
    (s->stride == 1 ? armv7em_depthwise_lines_1 : armv7em_depthwise_lines_2)(l);
    kept = 3 - s->stride;
    if (done + count < s->out_lines) keep_last_lines(s, plane, kept);
  }
}

void depthwise_s8_armv7em(const depthwise_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  const geometry_t *g = &p->geometry;
  int channels = p->channels, transposed = p->flags & TRANSPOSED;
  shape_t s = {g->in_h, g->out_h, g->stride_h, g->pad_top, 0, p->flags >> BAND_SHIFT, 0};
  gather_t gather = {channels, g->in_w * channels, 0, g->in_w, g->pad_left, 4 * s.band};
  lines_t l = {.step = channels, .line_step = g->out_w * channels, .length = g->out_w};
  if (transposed) {
    s.in_lines = g->in_w, s.out_lines = g->out_w, s.pad_lines = g->pad_left;
    gather.step = gather.line_step, gather.line_step = channels, gather.length = g->in_h;
    gather.pad_start = g->pad_top;
    l.step = l.line_step, l.line_step = channels, l.length = g->out_h;
  }
  s.whole = s.band >= (s.out_lines - 1) * s.stride + 3;
  s.pairs = (s.stride == 1 ? (l.length + 1) / 2 : l.length) + 1;
  int usable = 2 * s.pairs - gather.pad_start;
  if (gather.length > usable) gather.length = usable;
  int16_t *plane = (int16_t *)(void *)scratch;
  l.sums = (int32_t *)(void *)(scratch + 4 * s.pairs * s.band);
  l.steps = (s.pairs - 2) << 16 | 4 * s.band;
  l.zero_point = p->out_zero_point;
  uint32_t padding = pair_of(p->in_zero_point, p->in_zero_point);
  for (int i = 0; i < s.pairs * s.band; i++) ((uint32_t *)(void *)plane)[i] = padding;

  void (*depthwise_lines)(lines_t *) = s.stride == 1 ? armv7em_depthwise_lines_1 : armv7em_depthwise_lines_2;
  int beyond = s.pad_lines + s.in_lines - s.band; /* lines that no window reaches */
  int whole_lines = s.in_lines - (beyond > 0 ? beyond : 0);

  for (int channel = 0; channel < channels; channel++) {
    l.bias = p->bias[channel];
    l.multiplier = p->multiplier[channel];
    l.power = 1 << p->shift[channel];
    l.out = out + channel;
    l.taps = p->weights + 9 * channel;
    if (s.whole) {
      gather.lines = whole_lines;
      armv7em_gather_plane(&gather, in + channel, plane + 2 * s.pad_lines);
      l.plane = plane;
      l.lines = s.out_lines;
      depthwise_lines(&l);
    } else {
      depthwise_bands(p, &s, &gather, &l, in + channel, plane);
    }
  }
  limit_s8(out, p->geometry.out_h * p->geometry.out_w * p->channels, p->act_min, p->act_max);
}
#endif
