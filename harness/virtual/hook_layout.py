"""Layout of the array that the compiled hook (`block_hook.c`) shares with Python.

A header of single values (the `S_` indices), then three tables of one entry for every halfword of
executable memory: size in bytes of the block that starts there, how often it ran, how often a transfer
away from the end at this address was not a fall-through. Then a list of the blocks first seen, of the
same length. Where the first region has wait states, there follow the registers that each of those blocks
began with, and for every unit that one read of the flash brings, when it was last read.
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
S_FIRST_REGISTER = 19  # its number of R0
S_CODE_0, S_CODE_1 = 20, 21  # where the regions lie in this process; 0 where instructions are not checked
S_ILLEGAL = 22  # address of an instruction that an ARMv6-M core does not have and the emulator would execute
HEADER = 24
REGISTERS = 13  # R0 to R12
