"""Reads a `.tflite` flatbuffer into a `Graph`, and refuses by name what the firmware cannot run."""

import struct
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tflite

from harness.errors import InputError
from harness.firmware.graph import Graph, Op, Tensor

_OP_NAMES = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}
_DTYPES = {
    tflite.TensorType.FLOAT32: "float32",
    tflite.TensorType.INT8: "int8",
    tflite.TensorType.UINT8: "uint8",
    tflite.TensorType.INT16: "int16",
    tflite.TensorType.INT32: "int32",
    tflite.TensorType.INT64: "int64",
}
_ACTIVATIONS = {
    tflite.ActivationFunctionType.NONE: "none",
    tflite.ActivationFunctionType.RELU: "relu",
    tflite.ActivationFunctionType.RELU6: "relu6",
    tflite.ActivationFunctionType.RELU_N1_TO_1: "relu_n1_to_1",
}
_OPTIONS: dict[str, type] = {
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "FULLY_CONNECTED": tflite.FullyConnectedOptions,
    "AVERAGE_POOL_2D": tflite.Pool2DOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "MEAN": tflite.ReducerOptions,
    "REDUCE_MAX": tflite.ReducerOptions,
    "ADD": tflite.AddOptions,
    "CONCATENATION": tflite.ConcatenationOptions,
    "SOFTMAX": tflite.SoftmaxOptions,
    "LEAKY_RELU": tflite.LeakyReluOptions,
}
# More than any microcontroller holds; planning goes through the values of a map, so a damaged shape must not get there.
_MOST_VALUES = 1 << 24
SUPPORTED = (*_OPTIONS, "RESHAPE", "PAD", "QUANTIZE", "DEQUANTIZE")


def read_model(path: Path) -> Graph:
    """Read the first subgraph of the file at `path`.

    Raises:
        InputError: The file is missing, not a TFLite flatbuffer, or holds what cannot be run.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the model {path}: {error.strerror}") from error
    if content[4:8] != b"TFL3":
        raise InputError(
            f"{path} is not a TFLite model (it lacks the TFL3 mark); export one with the converter"
        )
    try:
        return _read_graph(content, path)
    except (
        struct.error,
        IndexError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
    ) as error:
        raise InputError(f"{path} is a damaged TFLite model ({error}); export it again") from error


def _read_graph(content: bytes, path: Path) -> Graph:
    model: Any = tflite.Model.GetRootAs(content, 0)
    subgraph = model.Subgraphs(0)
    tensors = [_read_tensor(model, subgraph.Tensors(i), i) for i in range(subgraph.TensorsLength())]
    for tensor in tensors:
        if prod(max(size, 1) for size in tensor.shape) > _MOST_VALUES:
            raise InputError(
                f"{path}: tensor {tensor.index} has shape {'x'.join(map(str, tensor.shape))}, more than the "
                f"{_MOST_VALUES:,} values that any microcontroller holds; use a smaller model, or export this one again if it is damaged"
            )
    if subgraph.InputsLength() != 1 or subgraph.OutputsLength() != 1:
        raise InputError(
            f"{path}: the model has {subgraph.InputsLength()} inputs and {subgraph.OutputsLength()} outputs; "
            "one of each is needed"
        )
    ops = tuple(_read_op(model, subgraph.Operators(i), i, tensors) for i in range(subgraph.OperatorsLength()))
    if not ops:
        raise InputError(f"{path}: the model has no operators")
    return Graph(tensors[subgraph.Inputs(0)], tensors[subgraph.Outputs(0)], ops)


def _read_tensor(model: Any, tensor: Any, index: int) -> Tensor:
    shape = tuple(int(tensor.Shape(i)) for i in range(tensor.ShapeLength()))
    if any(size < 0 for size in shape):
        raise ValueError(f"tensor {index} has shape {shape}")
    dtype = _DTYPES.get(tensor.Type(), f"type {tensor.Type()}")
    quantization = tensor.Quantization()
    scales = np.zeros(0, np.float32)
    zero_point = 0
    if quantization is not None and quantization.ScaleLength():
        scales = np.array(quantization.ScaleAsNumpy(), np.float32)
        zero_points = np.array(quantization.ZeroPointAsNumpy(), np.int64)
        if np.any(zero_points != zero_points[0]):
            raise ValueError(f"tensor {index} has different zero points")
        zero_point = int(zero_points[0])
    return Tensor(
        index,
        tensor.Name().decode(),
        shape,
        dtype,
        scales,
        zero_point,
        _read_data(model, tensor, shape, dtype),
    )


def _read_data(model: Any, tensor: Any, shape: tuple[int, ...], dtype: str) -> npt.NDArray[np.generic] | None:
    buffer = model.Buffers(tensor.Buffer())
    if buffer is None or not buffer.DataLength() or dtype not in _DTYPES.values():
        return None
    data: npt.NDArray[np.generic] = np.frombuffer(buffer.DataAsNumpy().tobytes(), np.dtype(dtype)).reshape(
        shape
    )
    return data


def _read_op(model: Any, operator: Any, index: int, tensors: list[Tensor]) -> Op:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Old files keep the code in a byte-sized field of its own.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    kind = _OP_NAMES.get(number, f"code {number}")
    if kind not in SUPPORTED:
        raise InputError(
            f"operator {index} is {kind}, which the firmware cannot run; it knows {', '.join(SUPPORTED)}"
        )
    inputs = tuple(
        tensors[i] if i >= 0 else None for i in (operator.Inputs(k) for k in range(operator.InputsLength()))
    )
    if operator.OutputsLength() != 1:
        raise InputError(f"operator {index} ({kind}) has {operator.OutputsLength()} outputs; one is needed")
    options: dict[str, object] = {}
    if kind in _OPTIONS and operator.BuiltinOptions() is not None:
        table = _OPTIONS[kind]()
        table.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        options = _read_options(table)
    return Op(index, kind, inputs, tensors[operator.Outputs(0)], options)


def _read_options(table: Any) -> dict[str, object]:
    options: dict[str, object] = {}
    if hasattr(table, "StrideH"):
        options["stride"] = (table.StrideH(), table.StrideW())
        options["padding"] = "same" if table.Padding() == tflite.Padding.SAME else "valid"
    if hasattr(table, "DilationHFactor"):
        options["dilation"] = (table.DilationHFactor(), table.DilationWFactor())
    if hasattr(table, "FilterHeight"):
        options["window"] = (table.FilterHeight(), table.FilterWidth())
    if hasattr(table, "FusedActivationFunction"):
        code = table.FusedActivationFunction()
        options["activation"] = _ACTIVATIONS.get(code, f"activation {code}")
    if hasattr(table, "Axis"):
        options["axis"] = int(table.Axis())
    if hasattr(table, "Alpha"):
        options["alpha"] = float(table.Alpha())
    if hasattr(table, "Beta"):
        options["beta"] = float(table.Beta())
    return options
