/* 3x3 depthwise convolution on Cortex-M0, channel by channel, in bands of output rows.
 *
 * A band is two blocks of `half` rows each, one below the other, computed together. The inputs of a channel's band
 * are copied into a padded plane before its outputs are written, and those that the next band shares are kept
 * aside, so the output may lie where the input does. */
#ifdef __ARM_ARCH_6M__
#include <stddef.h>

#include "offsets.h"
#include "product.h"

#define SHIFT_ALONE 64 /* in the shift of a channel whose third product of a row stands alone */
#define HALF_SHIFT 1 /* in flags, rows of a block; bit 0 is FLAG_NARROW */

typedef struct {
  int32_t step_a, step_b; /* bytes between inputs of both blocks */
  int32_t row_a, row_b;   /* bytes from the end of a row to the next */
  int32_t rows, length;
  int32_t padding; /* bytes of the plane between rows */
} gather_t;

typedef struct {
  int32_t weights[9];
  int32_t bias_a, bias_b; /* the first less the surplus of its sum */
  int32_t parts[3];       /* of the multiplier */
  int32_t addend, power;
  int32_t delta, step; /* bytes between the two outputs, and to the next */
  const int8_t *row_end;
  int32_t back;      /* bytes from behind the window of one output to that of the next */
  int32_t skip;      /* from behind a row of the window to the next */
  int32_t next_row;  /* from behind the last window of a row to the first of the next */
  int32_t row_bytes; /* of the output */
  int32_t rows;
  const int32_t *plane;
  int8_t *out;
  int32_t alone; /* SHIFT_ALONE or 0 */
} rows_t;

_Static_assert(offsetof(gather_t, rows) == G_ROWS && offsetof(gather_t, padding) == G_PADDING, "offsets.h");
_Static_assert(offsetof(rows_t, addend) == R_ADDEND && offsetof(rows_t, delta) == R_DELTA, "offsets.h");
_Static_assert(offsetof(rows_t, row_end) == R_ROW_END && offsetof(rows_t, skip) == R_SKIP, "offsets.h");
_Static_assert(offsetof(rows_t, rows) == R_ROWS && offsetof(rows_t, alone) == R_ALONE, "offsets.h");

void armv6m_depthwise_rows_clamped(rows_t *r);
void armv6m_depthwise_rows_signed(rows_t *r);
void armv6m_gather_rows(const gather_t *g, const int8_t *a, const int8_t *b, int32_t *plane);

/* Where the rows of a channel's input are. */
typedef struct {
  const int8_t *in, *kept; /* row 0; row `kept_first`, of those that outputs may have overwritten */
  int8_t zero_point;
  int kept_first, first; /* rows from `first` on are still in place */
  int rows, length, row_bytes, step;
} source_t;

/* Rows that lie alike: `count` of them; bytes between inputs and from the end of a row to the next. */
typedef struct {
  const int8_t *from;
  int count, step, next;
} run_t;

static run_t find_run(const source_t *s, int row) {
  run_t run = {&s->zero_point, row < 0 ? -row : INT16_MAX, 0, 0};
  if (row < 0 || row >= s->rows) return run;
  if (row < s->first) {
    run.from = s->kept + (row - s->kept_first) * s->length;
    run.count = s->first - row;
    run.step = 1;
  } else {
    run.from = s->in + row * s->row_bytes;
    run.count = s->rows - row;
    run.step = s->step;
    run.next = s->row_bytes - s->length * s->step;
  }
  return run;
}

/* `count` rows of the plane, the first of which hold rows `a` and `b` of the input. */
static void load_plane(const source_t *s, int a, int b, int count, int row_words, int32_t *plane) {
  gather_t g;
  g.length = s->length;
  g.padding = 4 * (row_words - s->length);
  while (count > 0) {
    run_t run_a = find_run(s, a), run_b = find_run(s, b);
    int rows = run_a.count < run_b.count ? run_a.count : run_b.count;
    if (rows > count) rows = count;
    g.step_a = run_a.step, g.row_a = run_a.next;
    g.step_b = run_b.step, g.row_b = run_b.next;
    g.rows = rows;
    armv6m_gather_rows(&g, run_a.from, run_b.from, plane);
    a += rows, b += rows, count -= rows;
    plane += rows * row_words;
  }
}

static void keep_rows(source_t *s, int first, int end, int8_t *kept) {
  for (int row = first; row < end; row++) {
    run_t run = find_run(s, row);
    for (int x = 0; x < s->length; x++, run.from += run.step) *kept++ = *run.from;
  }
  s->kept_first = first;
  s->first = end;
}

static void set_channel(rows_t *r, const depthwise_params_t *p, int channel) {
  const int8_t *weights = p->weights + 9 * channel;
  for (int i = 0; i < 9; i++) r->weights[i] = weights[i];
  r->alone = p->shift[channel] & SHIFT_ALONE;
  r->power = p->shift[channel] & (SHIFT_ALONE - 1);
  r->addend = ((2 * (p->out_zero_point + 128) + 1) << (r->power - 1)) + 256;
  r->bias_b = p->bias[channel];
  r->bias_a = r->bias_b - (r->alone ? 6 << 15 : 3 << 15);
  int32_t multiplier = p->multiplier[channel];
  r->parts[0] = multiplier & 0x7FF;
  r->parts[1] = multiplier >> 11 & 0x7FF;
  r->parts[2] = multiplier >> 22;
}

/* scratch: the plane, then the rows kept. */
__attribute__((always_inline)) static inline void convolve(const depthwise_params_t *p, const int8_t *in, int8_t *out,
                                                           int8_t *scratch, void (*convolve_rows)(rows_t *)) {
  const geometry_t *g = &p->geometry;
  int channels = p->channels, stride = g->stride_h, half = p->flags >> HALF_SHIFT;
  int row_words = (g->out_w - 1) * g->stride_w + 3, words = row_words * ((half - 1) * stride + 3);
  int kept_rows = stride < 3 ? 3 - stride : 0;
  int32_t *plane = (int32_t *)(void *)scratch;
  int8_t *kept = scratch + 4 * words;
  source_t s = {.kept = kept, .zero_point = p->in_zero_point, .rows = g->in_h, .row_bytes = g->in_w * channels,
                .step = channels};
  s.length = g->in_w < row_words - g->pad_left ? g->in_w : row_words - g->pad_left;
  rows_t r = {.step = channels, .row_bytes = g->out_w * channels, .plane = plane};
  r.skip = 4 * row_words - 12;
  r.back = 4 * g->stride_w - 12 - 8 * row_words;
  r.next_row = 4 * (stride * row_words - g->stride_w * g->out_w);
  for (int i = 0; i < words; i++) plane[i] = p->in_zero_point * 65537;

  for (int channel = 0; channel < channels; channel++) {
    set_channel(&r, p, channel);
    s.in = in + channel;
    s.first = 0;
    r.out = out + channel;
    for (int done = 0; done < g->out_h;) {
      int left = g->out_h - done;
      int block = left < 2 * half ? (left + 1) / 2 : half;
      int top = done * stride - g->pad_top, second = top + block * stride;
      load_plane(&s, top, second, (block - 1) * stride + 3, row_words, plane + g->pad_left);
      int next = second + block * stride;
      if (2 * block < left) keep_rows(&s, next, next + kept_rows, kept);
      r.rows = left < 2 * block ? block - 1 : block;
      r.plane = plane;
      r.delta = block * r.row_bytes;
      r.row_end = r.out + r.row_bytes;
      if (r.rows) convolve_rows(&r);
      if (r.rows < block) {
        r.plane += r.rows * stride * row_words;
        r.out += r.rows * r.row_bytes;
        r.row_end = r.out + r.row_bytes;
        r.delta = 0;
        r.rows = 1;
        convolve_rows(&r);
      }
      done += 2 * block;
      r.out = out + channel + done * r.row_bytes;
    }
  }
  limit_s8(out, p->geometry.out_h * p->geometry.out_w * p->channels, p->act_min, p->act_max);
}

void depthwise_s8_armv6m(const depthwise_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  convolve(p, in, out, scratch, armv6m_depthwise_rows_clamped);
}

void depthwise_s8_armv6m_signed(const depthwise_params_t *p, const int8_t *in, int8_t *out, int8_t *scratch) {
  convolve(p, in, out, scratch, armv6m_depthwise_rows_signed);
}
#endif
