"""Everything the templates need to know of a model: layers with addresses, input and output."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from harness.errors import InputError
from harness.firmware.backends import Target
from harness.firmware.graph import Tensor
from harness.firmware.image import TensorSpec
from harness.firmware.layer import Layer
from harness.firmware.lower import lower
from harness.firmware.memory import MemoryPlan, buffers_of, plan_memory, scratch_key, tensor_key
from harness.firmware.passes import simplify
from harness.firmware.reader import read_model
from harness.firmware.staging import stage_constants
from harness.firmware.work import graph_macs

# RAM that is spent so that a sample can be inferred again; beyond it the first result is kept instead.
_INPUT_MAY_COST_BYTES = 1024


@dataclass(frozen=True)
class ModelPlan:
    """A model ready to be written as C.

    Attributes:
        model_sha256: Hash of the `.tflite` file.
        layers: Kernel calls in execution order.
        memory: Where each activation and scratch buffer lies.
        staged: Position of a layer -> arena offset that its constants are copied to before it runs.
        input: The model's input as the board takes it.
        output: The model's output as the board gives it.
        input_offset: Arena offset of the input, in bytes.
        output_offset: Arena offset of the output, in bytes.
        keeps_input: Whether the input survives an inference; if not, a sample serves for one result.
        nominal_macs: Multiply-accumulates of the file's operators, before channels were dropped.
    """

    model_sha256: str
    layers: tuple[Layer, ...]
    memory: MemoryPlan
    staged: dict[int, int]
    input: TensorSpec
    output: TensorSpec
    input_offset: int
    output_offset: int
    keeps_input: bool
    nominal_macs: int

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference that are carried out."""
        return sum(layer.macs for layer in self.layers)

    @property
    def weights_bytes(self) -> int:
        """Bytes of all constant arrays."""
        return sum(array.size_bytes for layer in self.layers for array in layer.arrays)

    def operand_offsets(self, position: int) -> list[int]:
        """Arena offsets that the kernel of layer `position` takes: inputs, output, scratch."""
        layer = self.layers[position]
        keys = [tensor_key(tensor.index) for tensor in (*layer.inputs, layer.output)]
        if layer.scratch_bytes:
            keys.append(scratch_key(position))
        return [self.memory.offsets[key] for key in keys]


def plan_model(model: Path, target: Target, *, eliminate: bool = True, wait_states: int = 0) -> ModelPlan:
    """Read, simplify, lower and place the model at `model`.

    Args:
        model: An int8 `.tflite` file.
        target: Whose kernels shall run it.
        eliminate: Whether channels that carry nothing are dropped; False to compare with.
        wait_states: Cycles that a read of the board's flash takes longer than one.

    Raises:
        InputError: The file cannot be read or holds what the firmware cannot run.
    """
    graph = read_model(model)
    try:
        nominal_macs = graph_macs(graph)
        graph = simplify(graph, eliminate=eliminate)
        layers = lower(graph, target)
        memory = plan_memory(graph, layers, keep_input=False)
        with_input = plan_memory(graph, layers, keep_input=True)
    except (ValueError, TypeError, KeyError, IndexError, ArithmeticError) as error:
        # The file parses, but its shapes, options and constants contradict each other.
        raise InputError(f"{model} is a damaged TFLite model ({error}); export it again") from error
    keeps_input = with_input.arena_bytes - memory.arena_bytes - graph.output.size <= _INPUT_MAY_COST_BYTES
    if keeps_input:
        memory = with_input
    buffers = buffers_of(graph, layers, keep_input=keeps_input)
    return ModelPlan(
        model_sha256=hashlib.sha256(model.read_bytes()).hexdigest(),
        layers=tuple(layers),
        memory=memory,
        staged=stage_constants(layers, buffers, memory, wait_states),
        input=_spec(graph.input),
        output=_spec(graph.output),
        input_offset=memory.offsets[tensor_key(graph.input.index)],
        output_offset=memory.offsets[tensor_key(graph.output.index)],
        keeps_input=keeps_input,
        nominal_macs=nominal_macs,
    )


def _spec(tensor: Tensor) -> TensorSpec:
    return TensorSpec(tensor.name, tensor.shape, tensor.scale, tensor.zero_point)
