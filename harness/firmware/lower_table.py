"""Lowers activations that bend each value by itself: a table of what each of the 256 inputs becomes."""

import numpy as np

from harness.firmware.backends import Target
from harness.firmware.elementwise import leaky_relu
from harness.firmware.graph import Op
from harness.firmware.layer import Layer, int_array, layer_name
from harness.firmware.overlap import IN_PLACE


def lower_leaky_relu(op: Op, _target: Target) -> Layer:
    """LEAKY_RELU."""
    every_input = np.arange(-128, 128, dtype=np.int64)
    return Layer(
        name=layer_name(op),
        kernel="table_s8",
        params_type="table_params_t",
        fields={"size": str(op.output.size), "values": "{values}"},
        arrays=(int_array("values", "int8_t", leaky_relu(op, every_input).astype(np.int8)),),
        inputs=(op.tensor(0),),
        output=op.output,
        overlap=IN_PLACE,
    )
