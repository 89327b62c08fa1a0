"""Writes what channel elimination did to a graph back into the content of its `.tflite` file."""

import struct
from collections import Counter
from itertools import zip_longest

import numpy as np
import tflite

from harness.errors import InputError
from harness.firmware.flatbuffer import Table, read_root, write_root
from harness.firmware.graph import Graph, Op, Tensor
from harness.firmware.tflite_schema import IDENTIFIER, MODEL


def rewrite(content: bytes, before: Graph, after: Graph) -> bytes:
    """The file with the tensors of `after` in place of those of `before`; all else is kept.

    Args:
        content: A `.tflite` file.
        before: Its graph as it was read.
        after: The same operators on fewer channels.

    Raises:
        InputError: The file holds something that cannot be written back.
    """
    try:
        model, tail = read_root(content, MODEL)
        editor = _Editor(model)
        for old, new in zip(before.ops, after.ops, strict=True):
            if old is not new:
                editor.replace(old, new)
    except (struct.error, IndexError, KeyError) as error:
        raise InputError(f"the model is damaged ({error}); export it again") from error
    return write_root(model, MODEL, IDENTIFIER) + tail


class _Editor:
    """Changes tensors, buffers and operators of a model's first subgraph."""

    def __init__(self, model: Table) -> None:
        self._buffers: list[Table] = model["buffers"]
        self._tensors: list[Table] = model["subgraphs"][0]["tensors"]
        self._operators: list[Table] = model["subgraphs"][0]["operators"]
        self._tensor_uses = Counter(index for op in self._operators for index in op.get("inputs", []))
        self._buffer_uses = Counter(
            tensor.get("buffer", 0) for graph in model["subgraphs"] for tensor in graph["tensors"]
        )
        self._buffer_uses.update(item.get("buffer", 0) for item in model.get("metadata", []))
        self._buffer_uses.update(model.get("metadata_buffer", []))

    def replace(self, old: Op, new: Op) -> None:
        """Write the operator's output shape and its changed constants."""
        self._resize(self._tensors[new.output.index], new.output.shape)
        operator = self._operators[old.index]
        for position, (was, now) in enumerate(zip_longest(old.inputs, new.inputs)):
            if now is None or now is was or now.data is None:
                continue
            if position >= len(operator["inputs"]):
                operator["inputs"].append(-1)
            operator["inputs"][position] = self._constant(operator["inputs"][position], now)
        if "new_shape" in operator.get("builtin_options", {}):
            asked = np.array(operator["builtin_options"]["new_shape"])
            operator["builtin_options"]["new_shape"] = np.where(asked == -1, -1, new.output.shape).tolist()

    def _constant(self, index: int, now: Tensor) -> int:
        """Write a constant over its tensor, or as a new one where others use that too; its number."""
        if index == -1 or self._tensor_uses[index] > 1:
            like = {"type": tflite.TensorType.INT32, "name": now.name.encode(), "buffer": 0}
            self._tensor_uses[index] -= 1  # whoever comes last writes over the old one
            self._tensors.append(_copy(self._tensors[index]) if index >= 0 else like)
            index = len(self._tensors) - 1
            self._buffer_uses[self._tensors[index].get("buffer", 0)] += 1
        tensor = self._tensors[index]
        self._resize(tensor, now.shape)
        _requantize(tensor, now)
        data = np.asarray(now.data)
        self._fill(tensor, data.astype(data.dtype.newbyteorder("<")).tobytes())
        return index

    @staticmethod
    def _resize(tensor: Table, shape: tuple[int, ...]) -> None:
        tensor["shape"] = list(shape)
        signature = tensor.get("shape_signature", [])
        if len(signature) == len(shape):
            tensor["shape_signature"] = [
                -1 if free == -1 else size for free, size in zip(signature, shape, strict=True)
            ]

    def _fill(self, tensor: Table, data: bytes) -> None:
        """Put `data` into the tensor's buffer, or into a new one where another tensor or metadata shares it."""
        number = tensor.get("buffer", 0)
        if self._buffer_uses[number] > 1 or number == 0:  # buffer 0 is the empty one
            self._buffer_uses[number] -= 1
            self._buffers.append({})
            number = tensor["buffer"] = len(self._buffers) - 1
            self._buffer_uses[number] = 1
        self._buffers[number]["data"] = data


def _copy(tensor: Table) -> Table:
    return (
        {**tensor, "quantization": dict(tensor["quantization"])} if "quantization" in tensor else dict(tensor)
    )


def _requantize(tensor: Table, now: Tensor) -> None:
    """Per-channel figures for the channels that are left."""
    old = tensor.setdefault("quantization", {})
    count = now.scales.size
    if count == len(old.get("scale", [])):
        return
    old["scale"], old["zero_point"] = now.scales.tolist(), [now.zero_point] * count
    for name in ("min", "max"):  # statistics of the conversion, which no interpreter reads
        if len(old.get(name, [])) > 1:
            del old[name]
