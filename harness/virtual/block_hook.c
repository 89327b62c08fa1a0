/* Called by the emulator at the start of every block of the program: counts it.
 *
 * `state` is the array of hook_layout.py, whose indices are repeated here. */

#include <stdint.h>

enum {
  STOP, SLOTS, ORIGIN_0, LENGTH_0, ORIGIN_1, LENGTH_1, END, END_SLOT, FRESH, RESIZED, STOP_FUNCTION, HEADER = 16
};

void on_block(void *engine, uint64_t address, uint32_t size, int64_t *state) {
  int64_t start = (int64_t)address;
  /* A branch to itself never ends, as nothing interrupts it: the core sleeps instead of spinning. */
  int spins = size == 2 && state[END] == start + 2;
  if (spins || __atomic_load_n(&state[STOP], __ATOMIC_RELAXED)) {
    /* Takes effect before the block's first instruction. */
    ((int (*)(void *))(uintptr_t)state[STOP_FUNCTION])(engine);
    return;
  }
  int64_t slot = (start - state[ORIGIN_0]) >> 1;
  if (slot < 0 || slot >= state[LENGTH_0]) {
    slot = (start - state[ORIGIN_1]) >> 1;
    if (slot < 0 || slot >= state[LENGTH_1]) return;
    slot += state[LENGTH_0];
  }
  int64_t slots = state[SLOTS];
  int64_t *sizes = state + HEADER, *runs = sizes + slots, *taken = runs + slots, *fresh = taken + slots;
  if (!sizes[slot]) {
    sizes[slot] = size;
    fresh[state[FRESH]++] = slot;
  } else if (sizes[slot] != size) {
    state[RESIZED]++;
  }
  runs[slot]++;
  if (start != state[END]) taken[state[END_SLOT]]++;
  state[END] = start + size;
  state[END_SLOT] = slot + (size >> 1);
}

/* Sum of counts[at[i]] * cost[i]. */
int64_t weigh(const int64_t *counts, const int64_t *at, const int64_t *cost, int64_t length) {
  int64_t total = 0;
  for (int64_t i = 0; i < length; i++) total += counts[at[i]] * cost[i];
  return total;
}
