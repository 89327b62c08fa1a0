"""Layout of the array that the compiled hook (`block_hook.c`) shares with Python.

A header of single values (the `S_` indices), then three tables of one entry for every halfword of
executable memory: the block that starts there (see below), how often it ran, how often a transfer
away from the end at this address was not a fall-through. Then a list of the blocks first seen, of the
same length. Where the first region may have wait states, there follow a table of the loads of each block, a list of
counters, and for every unit that one read of the flash brings, when it was last read.

The loads of a block: a bit for each register, R0 to R12, that it loads through (bits 0 to 12), and the number of its first
counter (from bit 16 on). It has one for each of these registers in ascending order: how often the block was begun
with that register pointing to the first region.

An entry for a block: its size in bytes once it has run (bits 0 to 31), whether it has been reviewed for accesses that
must be aligned, and the base registers of those, as a bit for each register: of accesses whose base the block has not
touched before (from bit 32 on), and of those whose base holds the pointer when the block ends (from bit 48 on).
"""

S_STOP = 0  # set to 1 to stop the core before its next block
S_SLOTS = 1  # halfwords of all regions together, plus one for addresses outside
S_ORIGIN_0, S_LENGTH_0 = 2, 3  # first region: address, halfwords
S_ORIGIN_1, S_LENGTH_1 = 4, 5  # second region
S_END, S_END_SLOT = 6, 7  # end of the block before: address, slot
S_FRESH = 8  # entries in the list of blocks first seen
S_RESIZED = 9  # times that a block ran with another size, which happens only if a program changes itself
S_STOP_FUNCTION = 10  # address of the emulator's function that stops it
S_UNIT_SHIFT = 11  # log2 of the bytes that one read of the flash brings; 0 where there are no wait states
S_CACHED = 12  # units that the instruction cache holds
S_READS = 13  # reads of the flash so far, plus S_CACHED
S_WAITED = 14  # cycles that they have cost
S_JUMP_COST, S_NEXT_COST = 15, 16  # cycles of a read elsewhere, and of one of the unit after the last
S_LAST_UNIT = 17
S_REGISTER_FUNCTION = 18  # address of the emulator's function that reads a register
S_FIRST_REGISTER, S_LINK_REGISTER = 19, 20  # its numbers of R0 and LR
S_CODE_0, S_CODE_1 = 21, 22  # where the regions lie in this process; 0 where instructions are not checked
S_ARMV6M = 23  # whether the core is one that lacks instructions which the emulator executes
# Addresses that the core has stopped for, with bit 0 set; 0 for none:
S_ILLEGAL = 24  # of such an instruction, the next one or one of the next block
S_UNREVIEWED, S_UNREVIEWED_SIZE = (
    25,
    26,
)  # of the next block, to be reviewed for accesses that must be aligned
S_UNALIGNED = 27  # of an access that is not aligned, or of the block that has it
S_UNALIGNED_WHEN = 28  # at which of the three moments below that was found
S_LEFT, S_LEFT_AT = 29, 30  # base registers to look at when the block under way has ended; its address
S_COUNTERS = 31  # that blocks have taken
HEADER = 32
POINTERS = 0x1FFF  # bits in the entry of a block's loads
FIRST_COUNTER = 16  # lowest bit there

BEFORE_BLOCK, BEFORE_ACCESS, AFTER_BLOCK = 0, 1, 2
BASES_AT_ENTRY, BASES_AT_END = 32, 48  # first bits of the base registers in the entry of a block
SIZE_MASK = 0xFFFF_FFFF
REVIEWED = 1 << 47
