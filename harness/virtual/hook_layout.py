"""Layout of the array that the compiled hook (`block_hook.c`) shares with Python.

A header of single values (the `S_` indices), then three tables of one entry for every halfword of
executable memory: size in bytes of the block that starts there, how often it ran, how often a transfer
away from the end at this address was not a fall-through. Last a list of the blocks first seen, of the
same length.
"""

S_STOP = 0  # set to 1 to stop the core before its next block
S_SLOTS = 1  # halfwords of all regions together, plus one for addresses outside
S_ORIGIN_0, S_LENGTH_0 = 2, 3  # first region: address, halfwords
S_ORIGIN_1, S_LENGTH_1 = 4, 5  # second region
S_END, S_END_SLOT = 6, 7  # end of the block before: address, slot
S_FRESH = 8  # entries in the list of blocks first seen
S_RESIZED = 9  # times that a block ran with another size, which happens only if a program changes itself
S_STOP_FUNCTION = 10  # address of the emulator's function that stops it
HEADER = 16
