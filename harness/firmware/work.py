"""How much an operator computes and holds, from its shapes alone."""

from harness.firmware.graph import Graph, Op

_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")


def op_macs(op: Op) -> int:
    """Multiply-accumulates of one inference, 0 for operators without weights."""
    if op.kind not in _WEIGHTED:
        return 0
    shape = op.tensor(1).shape
    if op.kind == "FULLY_CONNECTED":
        return shape[0] * shape[1]
    per_output = shape[1] * shape[2] * (shape[3] if op.kind == "CONV_2D" else 1)
    return op.output.size * per_output


def graph_macs(graph: Graph) -> int:
    """Multiply-accumulates of one inference."""
    return sum(op_macs(op) for op in graph.ops)


def constant_bytes(op: Op) -> int:
    """Bytes of an operator's weights and bias."""
    if op.kind not in _WEIGHTED:
        return 0
    tensors = [tensor for tensor in op.inputs[1:] if tensor is not None and tensor.data is not None]
    return sum(tensor.data.nbytes for tensor in tensors if tensor.data is not None)
