"""How deep an image's stack can get, from its machine code.

Every path through every function is followed, with the bytes on the stack at each instruction. A call through a
pointer may reach any function that the caller names: in its own code, or in a constant table it reads; if it names
none, whatever the functions that call it name.
"""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import BuildError
from harness.firmware.machine_code import MachineCode
from harness.firmware.stack_frame import Frame, frame_of

_VECTORS = "vectors"
_RESET = 1  # its place in the table; above it the exceptions
_FRAME_BYTES = 32  # that an exception pushes
_FLOAT_FRAME_BYTES = 104  # the same, where floating-point registers are in use


@dataclass(frozen=True)
class StackBound:
    """What an image needs of stack at most.

    Attributes:
        program_bytes: From reset on, without exceptions.
        fault_bytes: What an exception and its handler add.
        path: The chain of calls that needs `program_bytes`.
    """

    program_bytes: int
    fault_bytes: int
    path: tuple[str, ...]

    @property
    def reserve_bytes(self) -> int:
        """What to keep for both; a multiple of 8, to which an exception aligns the stack."""
        return _round_up(_round_up(self.program_bytes) + self.fault_bytes)


def stack_bound(elf_path: Path) -> StackBound:
    """The bound of the image at `elf_path`.

    Raises:
        BuildError: A function calls itself, or how much it pushes cannot be told from its code.
    """
    return _CallGraph(MachineCode(elf_path)).bound()


def _round_up(size_bytes: int) -> int:
    return (size_bytes + 7) & ~7


class _CallGraph:
    """Functions reached from the vector table, each with its deepest chain of calls."""

    def __init__(self, code: MachineCode) -> None:
        self._code = code
        self._frames: dict[int, Frame] = {}
        self._callers: dict[int, set[int]] = {}
        self._deepest: dict[int, tuple[int, tuple[int, ...]]] = {}

    def bound(self) -> StackBound:
        vectors = self._code.table_named(_VECTORS)
        entries = self._code.pointers(vectors) if vectors else []
        if not entries:
            raise BuildError("the image has no vector table, so that its stack cannot be bounded")
        self._read(entries)
        program, path = self._depth(entries[_RESET - 1], ())
        handlers = max(self._depth(entry, ())[0] for entry in entries[_RESET:])
        uses_float = any(frame.uses_float for frame in self._frames.values())
        return StackBound(
            program_bytes=program,
            fault_bytes=(_FLOAT_FRAME_BYTES if uses_float else _FRAME_BYTES) + handlers,
            path=tuple(self._name(entry) for entry in path),
        )

    def _read(self, entries: list[int]) -> None:
        """Frames of everything that can be called from `entries`."""
        pending = list(entries)
        while pending:
            entry = pending.pop()
            if entry in self._frames:
                continue
            frame = self._frames[entry] = frame_of(self._code, entry)
            for callee in frame.calls:
                self._callers.setdefault(callee, set()).add(entry)
            # What a function names may be called by those to which it hands the pointer.
            pending += [*frame.calls, *self._named(entry)]

    def _depth(self, entry: int, above: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """Bytes from `entry` down, and the chain of calls that takes them."""
        if entry in above:
            cycle = [self._name(each) for each in (*above[above.index(entry) :], entry)]
            raise BuildError(f"the stack has no bound: {' calls '.join(cycle)}")
        if entry not in self._deepest:
            frame = self._frames[entry]
            found: tuple[int, tuple[int, ...]] = (frame.bytes, (entry,))
            calls = dict(frame.calls)
            for callee in self._called_by_pointer(entry) if frame.pointer_calls else ():
                calls[callee] = max(calls.get(callee, 0), frame.pointer_call_bytes)
            for callee, bytes_there in calls.items():
                below, path = self._depth(callee, (*above, entry))
                found = max(found, (bytes_there + below, (entry, *path)), key=lambda item: item[0])
            self._deepest[entry] = found
        return self._deepest[entry]

    def _called_by_pointer(self, entry: int) -> set[int]:
        """What the calls through pointers in a function may reach."""
        asked, seen = {entry}, set()
        while asked:
            found = set().union(*(self._named(each) for each in asked))
            if found:
                return found
            seen |= asked
            asked = set().union(*(self._callers.get(each, set()) for each in asked)) - seen
        raise BuildError(
            f"{self._name(entry)} calls through a pointer of unknown origin; its stack has no bound"
        )

    def _named(self, entry: int) -> set[int]:
        """Functions whose address `entry` takes or reads from a constant table."""
        function = self._code.function(entry)
        assert function is not None
        constants = self._code.constants(function)
        tables = {
            table for value in constants if (table := self._code.table(value)) and table.name != _VECTORS
        }
        # The end of a table, which loops compare with, may be the start of the next one.
        ends = {table.end for table in tables}
        tables = {table for table in tables if table.start not in ends}
        direct = {target for value in constants if (target := self._code.entry(value)) is not None}
        return direct.union(*(self._code.pointers(table) for table in tables))

    def _name(self, entry: int) -> str:
        function = self._code.function(entry)
        return function.name if function else f"0x{entry:x}"
