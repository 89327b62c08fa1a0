/* Called by the emulator at the start of every block of the program: counts it.
 *
 * `state` is the array of hook_layout.py, whose indices are repeated here. */

#include <stdint.h>

enum {
  STOP, SLOTS, ORIGIN_0, LENGTH_0, ORIGIN_1, LENGTH_1, END, END_SLOT, FRESH, RESIZED, STOP_FUNCTION,
  UNIT_SHIFT, CACHED, READS, WAITED, JUMP_COST, NEXT_COST, LAST_UNIT, REGISTER_FUNCTION, FIRST_REGISTER,
  LINK_REGISTER, CODE_0, CODE_1, ARMV6M, ILLEGAL, UNREVIEWED, UNREVIEWED_SIZE, UNALIGNED, UNALIGNED_WHEN, LEFT, LEFT_AT,
  COUNTERS, HEADER = 32
};
enum { POINTERS = 0x1FFF, FIRST_COUNTER = 16 }; /* of the entry of a block's loads */
enum { BEFORE_BLOCK, BEFORE_ACCESS, AFTER_BLOCK };
/* Of the entry of a block. */
enum { BASES_AT_ENTRY = 32, BASES_AT_END = 48, BASES = 0x7FFF };

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

/* Whether a block has an access that ARMv7-M wants aligned: LDM, STM, LDRD, STRD, and coprocessor loads and stores, of
 * another base than SP or PC. A few other instructions look alike; the review tells them apart. */
static int has_strict_access(const uint16_t *code, uint32_t size) {
  uint32_t at = 0;
  while (at < size) {
    uint16_t first = code[at >> 1];
    if ((first & 0xF000) == 0xC000) return 1;
    if (((first & 0xFE00) == 0xE800 || (first & 0xFE00) == 0xEC00) && (first & 0xF) != 13 && (first & 0xF) != 15) return 1;
    at += first < 0xE800 ? 2 : 4;
  }
  return 0;
}

static uint32_t register_value(void *engine, int64_t *state, int number) {
  uint32_t value = 0;
  int64_t name = number == 14 ? state[LINK_REGISTER] : state[FIRST_REGISTER] + number;
  ((int (*)(void *, int, void *))(uintptr_t)state[REGISTER_FUNCTION])(engine, (int)name, &value);
  return value;
}

static void stop(void *engine, int64_t *state) { ((int (*)(void *))(uintptr_t)state[STOP_FUNCTION])(engine); }

/* Whether one of the registers is no multiple of 4; the core stops then. */
static int unaligned(void *engine, int64_t *state, uint32_t bases, int64_t block, int when) {
  uint32_t bits = 0;
  for (; bases; bases &= bases - 1) bits |= register_value(engine, state, __builtin_ctz(bases));
  if (!(bits & 3)) return 0;
  state[UNALIGNED] = block | 1;
  state[UNALIGNED_WHEN] = when;
  stop(engine, state);
  return 1;
}

/* Called before an access whose base register can only be looked at there; `given` holds the state and its number. */
void on_access(void *engine, uint64_t address, uint32_t size, int64_t *given) {
  int64_t *state = (int64_t *)(uintptr_t)given[0];
  (void)size;
  /* Behind an IT instruction the emulator stops with the next block only. */
  if (unaligned(engine, state, 1u << given[1], (int64_t)address, BEFORE_ACCESS))
    __atomic_store_n(&state[STOP], 1, __ATOMIC_RELAXED);
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

/* The registers R0 to R12 that a block loads through. */
static uint32_t load_pointers(const uint16_t *code, uint32_t size) {
  uint32_t at = 0, pointers = 0;
  while (at < size) {
    uint16_t first = code[at >> 1];
    uint32_t kind = first & 0xF800;
    if (kind == 0x6800 || kind == 0x7800 || kind == 0x8800 || kind == 0x5800 || (first & 0xFE00) == 0x5600)
      pointers |= 1u << (first >> 3 & 7);
    if (kind == 0xC800) pointers |= 1u << (first >> 8 & 7);
    int wide = first >= 0xE800;
    if (wide && (first & 0x10) && ((first & 0xFE00) == 0xE800 || (first & 0xFE00) == 0xF800)) pointers |= 1u << (first & 0xF);
    at += wide ? 4 : 2;
  }
  return pointers & POINTERS;
}

/* Counts for each register that a block loads through whether it points to flash now. */
static void count_loads(void *engine, int64_t *state, int64_t loads, int64_t *counters) {
  counters += loads >> FIRST_COUNTER;
  for (uint32_t pointers = loads & POINTERS; pointers; pointers &= pointers - 1, counters++) {
    uint32_t offset = register_value(engine, state, __builtin_ctz(pointers)) - (uint32_t)state[ORIGIN_0];
    *counters += offset < 2 * state[LENGTH_0];
  }
}

static const uint16_t *code_at(const int64_t *state, int64_t slot) {
  int64_t at = slot < state[LENGTH_0] ? state[CODE_0] + 2 * slot : state[CODE_1] + 2 * (slot - state[LENGTH_0]);
  return (const uint16_t *)(uintptr_t)at;
}

/* Whether a block that is about to run for the first time must not, or not yet. */
static int held_back(void *engine, int64_t *state, int64_t slot, int64_t start, uint32_t size) {
  const uint16_t *code = code_at(state, slot);
  if (state[ARMV6M]) {
    uint32_t legal = first_illegal(code, size);
    if (legal == size) return 0;
    state[ILLEGAL] = (start + legal) | 1;
  } else {
    if (!has_strict_access(code, size)) return 0;
    state[UNREVIEWED] = start | 1;
    state[UNREVIEWED_SIZE] = size;
  }
  stop(engine, state);
  return 1;
}

void on_block(void *engine, uint64_t address, uint32_t size, int64_t *state) {
  int64_t start = (int64_t)address;
  /* A branch to itself never ends, as nothing interrupts it: the core sleeps instead of spinning. */
  int spins = size == 2 && state[END] == start + 2;
  if (spins || __atomic_load_n(&state[STOP], __ATOMIC_RELAXED)) {
    stop(engine, state); /* takes effect before the block's first instruction */
    return;
  }
  if (state[LEFT]) {
    uint32_t bases = (uint32_t)state[LEFT];
    state[LEFT] = 0;
    if (unaligned(engine, state, bases, state[LEFT_AT], AFTER_BLOCK)) return;
  }
  int64_t slot = (start - state[ORIGIN_0]) >> 1;
  if (slot < 0 || slot >= state[LENGTH_0]) {
    slot = (start - state[ORIGIN_1]) >> 1;
    if (slot < 0 || slot >= state[LENGTH_1]) return;
    slot += state[LENGTH_0];
  }
  int64_t slots = state[SLOTS];
  int64_t *blocks = state + HEADER, *runs = blocks + slots, *taken = runs + slots, *fresh = taken + slots;
  int64_t *loads = fresh + slots, *counters = loads + slots, *read_at = counters + slots;
  int64_t block = blocks[slot];
  if (!block && state[CODE_0] && held_back(engine, state, slot, start, size)) return;
  if (block >> BASES_AT_ENTRY) {
    uint32_t bases = block >> BASES_AT_ENTRY & BASES;
    if (bases && unaligned(engine, state, bases, start, BEFORE_BLOCK)) return;
    state[LEFT] = block >> BASES_AT_END;
    state[LEFT_AT] = start;
  }
  if (state[UNIT_SHIFT] && slot < state[LENGTH_0])
    fetch(state, read_at, start - state[ORIGIN_0], size);
  if (!(uint32_t)block) {
    blocks[slot] |= size;
    if (state[UNIT_SHIFT] && state[CODE_0]) {
      uint32_t pointers = load_pointers(code_at(state, slot), size);
      if (state[COUNTERS] + __builtin_popcount(POINTERS) > slots) pointers = 0;
      loads[slot] = state[COUNTERS] << FIRST_COUNTER | pointers;
      state[COUNTERS] += __builtin_popcount(pointers);
    }
    fresh[state[FRESH]++] = slot;
  } else if ((uint32_t)block != size) {
    state[RESIZED]++;
  }
  runs[slot]++;
  if (state[UNIT_SHIFT] && loads[slot] & POINTERS) count_loads(engine, state, loads[slot], counters);
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
