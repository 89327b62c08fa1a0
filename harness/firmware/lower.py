"""From graph to layers: one kernel call for each operator."""

from collections.abc import Callable
from dataclasses import replace

from harness.errors import InputError
from harness.firmware.backends import Target
from harness.firmware.graph import Graph, Op
from harness.firmware.layer import Layer
from harness.firmware.lower_pairs import lower_add, lower_concatenation
from harness.firmware.lower_table import lower_leaky_relu
from harness.firmware.lower_unweighted import (
    lower_mean,
    lower_pad,
    lower_pool,
    lower_quantize,
    lower_softmax,
)
from harness.firmware.lower_weighted import lower_conv, lower_dense, lower_depthwise

_SMALL_DENSE_MACS = 2048

_LOWERINGS: dict[str, Callable[[Op, Target], Layer]] = {
    "CONV_2D": lower_conv,
    "DEPTHWISE_CONV_2D": lower_depthwise,
    "FULLY_CONNECTED": lower_dense,
    "AVERAGE_POOL_2D": lower_pool,
    "MAX_POOL_2D": lower_pool,
    "MEAN": lower_mean,
    "ADD": lower_add,
    "CONCATENATION": lower_concatenation,
    "SOFTMAX": lower_softmax,
    "PAD": lower_pad,
    "QUANTIZE": lower_quantize,
    "LEAKY_RELU": lower_leaky_relu,
}


def lower(graph: Graph, target: Target) -> list[Layer]:
    """Layers of a simplified graph, in execution order, with the kernels of `target`.

    Raises:
        InputError: An operator has a form that no kernel covers, by name and index.
    """
    target = replace(target, has_small_dense=_has_small_dense(graph))
    layers = []
    for op in graph.ops:
        if op.kind not in _LOWERINGS:
            raise InputError(f"{op.label} stands inside the model; it can be run at the ends only")
        layers.append(_LOWERINGS[op.kind](op, target))
    return layers


def _has_small_dense(graph: Graph) -> bool:
    """Whether dense layers are no more than a small part of a network of convolutions."""
    sizes = {kind: 0 for kind in ("CONV_2D", "FULLY_CONNECTED")}
    for op in graph.ops:
        if op.kind in sizes:
            sizes[op.kind] += op.tensor(1).size
    return 0 < sizes["FULLY_CONNECTED"] <= min(_SMALL_DENSE_MACS, sizes["CONV_2D"])
