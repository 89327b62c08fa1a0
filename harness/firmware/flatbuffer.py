"""Reads flatbuffer tables into dictionaries by a schema, and writes them back.

The tflite package only reads. A field that the schema does not name is refused, never dropped.
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from harness.errors import InputError

Table = dict[str, Any]

_VECTOR_ALIGNMENT = 16  # what kernels that read weights in place ask for


@dataclass(frozen=True)
class Schema:
    """A table type.

    Attributes:
        name: For messages.
        fields: Slot -> (name, type). A type is a code of `struct` for a scalar, `"[i]"` for a vector of
            them, `"string"`, a schema for a table, a tuple of one schema for a vector of tables, or for
            a union (field that tells its type, type number -> schema).
    """

    name: str
    fields: Mapping[int, tuple[str, Any]]


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.end = 0  # behind the last byte that belongs to what was read

    def unpack(self, code: str, at: int, count: int = 1) -> tuple[Any, ...]:
        if at < 0:
            raise IndexError("an offset leads before the file")
        layout = struct.Struct(f"<{count}{code}")
        self.end = max(self.end, at + layout.size)
        return layout.unpack_from(self.content, at)

    def follow(self, at: int) -> int:
        return at + int(self.unpack("I", at)[0])

    def table(self, schema: Schema, at: int) -> Table:
        vtable = at - int(self.unpack("i", at)[0])
        slots = (int(self.unpack("H", vtable)[0]) - 4) // 2
        offsets = self.unpack("H", vtable + 4, slots)
        table: Table = {}
        for slot, offset in enumerate(offsets):
            if offset and slot not in schema.fields:
                raise InputError(f"the model has field {slot} of {schema.name}, which cannot be written back")
            if offset:
                name, kind = schema.fields[slot]
                table[name] = self.value(kind, at + offset, table, schema)
        return table

    def value(self, kind: Any, at: int, table: Table, schema: Schema) -> Any:
        if isinstance(kind, str) and len(kind) == 1:
            return self.unpack(kind, at)[0]
        at = self.follow(at)
        if isinstance(kind, Schema):
            return self.table(kind, at)
        if isinstance(kind, tuple) and isinstance(kind[0], str):
            number = table.get(kind[0], 0)
            if number not in kind[1]:
                raise InputError(
                    f"the model has a {schema.name} of type {number}, which cannot be written back"
                )
            return self.table(kind[1][number], at)
        count = int(self.unpack("I", at)[0])
        if isinstance(kind, tuple):
            return [self.table(kind[0], self.follow(at + 4 + 4 * i)) for i in range(count)]
        if kind in ("string", "[B]"):
            return bytes(self.unpack("s", at + 4, count)[0])
        return list(self.unpack(kind[1], at + 4, count))


def read_root(content: bytes, schema: Schema) -> tuple[Table, bytes]:
    """The root table, and the bytes that follow the flatbuffer in the file.

    Raises:
        InputError: A field or type is not in the schema.
        struct.error, IndexError: The content is damaged.
    """
    reader = _Reader(content)
    root = reader.table(schema, reader.follow(0))
    return root, content[reader.end :].lstrip(b"\0")


class _Writer:
    """Lays tables out from front to back; children follow their parents."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._vtables: dict[bytes, int] = {}

    def align(self, size: int, ahead: int = 0) -> int:
        """Pad so that the byte `ahead` from here lies at a multiple of `size`; where here is."""
        self.content += bytes(-(len(self.content) + ahead) % size)
        return len(self.content)

    def point(self, at: int, target: int) -> None:
        struct.pack_into("<I", self.content, at, target - at)

    def table(self, schema: Schema, table: Table) -> int:
        present = [
            (slot, *schema.fields[slot]) for slot in sorted(schema.fields) if schema.fields[slot][0] in table
        ]
        inline = {
            slot: kind if isinstance(kind, str) and len(kind) == 1 else "I" for slot, _, kind in present
        }
        offsets, size = {}, 4
        for slot in sorted(inline, key=lambda slot: (-struct.calcsize(inline[slot]), slot)):
            width = struct.calcsize(inline[slot])
            offsets[slot] = size = size + -size % width
            size += width
        slots = [offsets.get(slot, 0) for slot in range(max(offsets, default=-1) + 1)]
        vtable = self._vtable(struct.pack(f"<HH{len(slots)}H", 4 + 2 * len(slots), size, *slots))
        at = self.align(8)
        self.content += bytes(size)
        struct.pack_into("<i", self.content, at, at - vtable)
        children: list[tuple[int, Callable[[], int]]] = []
        for slot, name, kind in present:
            if inline[slot] == kind:
                struct.pack_into(f"<{kind}", self.content, at + offsets[slot], table[name])
            else:
                children.append((at + offsets[slot], partial(self.child, kind, table[name], table)))
        for place, write in children:
            self.point(place, write())
        return at

    def child(self, kind: Any, value: Any, table: Table) -> int:
        if isinstance(kind, Schema):
            return self.table(kind, value)
        if isinstance(kind, tuple) and isinstance(kind[0], str):
            return self.table(kind[1][table[kind[0]]], value)
        if isinstance(kind, tuple):
            at = self.vector(struct.pack(f"<{len(value)}I", *[0] * len(value)), len(value), 4)
            for i, item in enumerate(value):
                self.point(at + 4 + 4 * i, self.table(kind[0], item))
            return at
        if kind == "string":
            return self.vector(value + b"\0", len(value), 4)
        if kind == "[B]":
            return self.vector(value, len(value), _VECTOR_ALIGNMENT)
        code = kind[1]
        return self.vector(struct.pack(f"<{len(value)}{code}", *value), len(value), struct.calcsize(code))

    def vector(self, data: bytes, count: int, alignment: int) -> int:
        at = self.align(max(alignment, 4), ahead=4)
        self.content += struct.pack("<I", count) + data
        return at

    def _vtable(self, vtable: bytes) -> int:
        if vtable not in self._vtables:
            self._vtables[vtable] = self.align(2)
            self.content += vtable
        return self._vtables[vtable]


def write_root(root: Table, schema: Schema, identifier: bytes) -> bytes:
    """A flatbuffer with `identifier` of four bytes and this root table."""
    writer = _Writer()
    writer.content += bytes(4) + identifier
    writer.point(0, writer.table(schema, root))
    writer.align(_VECTOR_ALIGNMENT)
    return bytes(writer.content)
