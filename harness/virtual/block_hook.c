/* Called by the emulator at the start of every block of the program: counts it.
 *
 * `state` is the array of hook_layout.py, whose indices are repeated here. */

#include <stdint.h>

enum {
  STOP, SLOTS, ORIGIN_0, LENGTH_0, ORIGIN_1, LENGTH_1, END, END_SLOT, FRESH, RESIZED, STOP_FUNCTION,
  UNIT_SHIFT, CACHED, READS, WAITED, JUMP_COST, NEXT_COST, LAST_UNIT, REGISTER_FUNCTION, FIRST_REGISTER,
  CODE_0, CODE_1, ILLEGAL,
  HEADER = 24, REGISTERS = 13
};

/* Offset of the first instruction of a block that ARMv6-M lacks and the emulator's Cortex-M0 executes all the same:
 * CBZ, CBNZ, IT, and MRS or MSR of BASEPRI, BASEPRI_MAX and FAULTMASK. Its length if there is none. */
static uint32_t first_illegal(const uint16_t *code, uint32_t size) {
  uint32_t at = 0;
  while (at < size) {
    uint16_t first = code[at >> 1];
    if ((first & 0xF500) == 0xB100) return at;
    if ((first & 0xFF00) == 0xBF00 && (first & 0xF)) return at;
    if (first < 0xE800) {
      at += 2;
      continue;
    }
    uint16_t second = at + 2 < size ? code[(at >> 1) + 1] : 0;
    uint8_t special = second & 0xFF;
    if ((first == 0xF3EF || (first & 0xFFF0) == 0xF380) && special >= 17 && special <= 19) return at;
    at += 4;
  }
  return size;
}

/* What fetching a block from flash costs: each unit that the instruction cache does not hold is read. The cache is
 * taken for one that gives up what it has held longest, so that a unit is in it until CACHED others have been read. */
static void fetch(int64_t *state, int64_t *read_at, int64_t offset, uint32_t size) {
  int64_t last = (offset + size - 1) >> state[UNIT_SHIFT];
  for (int64_t unit = offset >> state[UNIT_SHIFT]; unit <= last; unit++) {
    if (state[READS] - read_at[unit] >= state[CACHED]) {
      state[WAITED] += unit == state[LAST_UNIT] + 1 ? state[NEXT_COST] : state[JUMP_COST];
      read_at[unit] = ++state[READS];
    }
    state[LAST_UNIT] = unit;
  }
}

/* Notes the registers at the first run of a block: what they point to tells what its loads read. */
static void note_registers(void *engine, int64_t *state, int64_t *registers) {
  for (int i = 0; i < REGISTERS; i++) {
    uint32_t value = 0;
    ((int (*)(void *, int, void *))(uintptr_t)state[REGISTER_FUNCTION])(engine, (int)state[FIRST_REGISTER] + i, &value);
    registers[i] = value;
  }
}

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
  int64_t *registers = fresh + slots;
  if (state[CODE_0] && !sizes[slot]) {
    int64_t code = slot < state[LENGTH_0] ? state[CODE_0] + 2 * slot : state[CODE_1] + 2 * (slot - state[LENGTH_0]);
    uint32_t legal = first_illegal((const uint16_t *)(uintptr_t)code, size);
    if (legal < size) {
      state[ILLEGAL] = start + legal;
      ((int (*)(void *))(uintptr_t)state[STOP_FUNCTION])(engine);
      return;
    }
  }
  if (state[UNIT_SHIFT] && slot < state[LENGTH_0])
    fetch(state, registers + REGISTERS * slots, start - state[ORIGIN_0], size);
  if (!sizes[slot]) {
    sizes[slot] = size;
    if (state[UNIT_SHIFT]) note_registers(engine, state, registers + REGISTERS * state[FRESH]);
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
