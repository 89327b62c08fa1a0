"""The part of TFLite's schema that int8 models of the firmware's operators use."""

import tflite

from harness.firmware.flatbuffer import Schema

_OPTIONS = {
    tflite.BuiltinOptions.Conv2DOptions: Schema(
        "Conv2DOptions",
        {
            0: ("padding", "b"),
            1: ("stride_w", "i"),
            2: ("stride_h", "i"),
            3: ("activation", "b"),
            4: ("dilation_w", "i"),
            5: ("dilation_h", "i"),
            6: ("quantized_bias_type", "b"),
        },
    ),
    tflite.BuiltinOptions.DepthwiseConv2DOptions: Schema(
        "DepthwiseConv2DOptions",
        {
            0: ("padding", "b"),
            1: ("stride_w", "i"),
            2: ("stride_h", "i"),
            3: ("depth_multiplier", "i"),
            4: ("activation", "b"),
            5: ("dilation_w", "i"),
            6: ("dilation_h", "i"),
        },
    ),
    tflite.BuiltinOptions.FullyConnectedOptions: Schema(
        "FullyConnectedOptions",
        {
            0: ("activation", "b"),
            1: ("weights_format", "b"),
            2: ("keep_num_dims", "?"),
            3: ("asymmetric_quantize_inputs", "?"),
            4: ("quantized_bias_type", "b"),
        },
    ),
    tflite.BuiltinOptions.Pool2DOptions: Schema(
        "Pool2DOptions",
        {
            0: ("padding", "b"),
            1: ("stride_w", "i"),
            2: ("stride_h", "i"),
            3: ("filter_width", "i"),
            4: ("filter_height", "i"),
            5: ("activation", "b"),
        },
    ),
    tflite.BuiltinOptions.ReducerOptions: Schema("ReducerOptions", {0: ("keep_dims", "?")}),
    tflite.BuiltinOptions.AddOptions: Schema(
        "AddOptions", {0: ("activation", "b"), 1: ("pot_scale_int16", "?")}
    ),
    tflite.BuiltinOptions.SoftmaxOptions: Schema("SoftmaxOptions", {0: ("beta", "f")}),
    tflite.BuiltinOptions.ReshapeOptions: Schema("ReshapeOptions", {0: ("new_shape", "[i]")}),
    tflite.BuiltinOptions.PadOptions: Schema("PadOptions", {}),
    tflite.BuiltinOptions.QuantizeOptions: Schema("QuantizeOptions", {}),
    tflite.BuiltinOptions.DequantizeOptions: Schema("DequantizeOptions", {}),
}
_QUANTIZATION = Schema(
    "QuantizationParameters",
    {
        0: ("min", "[f]"),
        1: ("max", "[f]"),
        2: ("scale", "[f]"),
        3: ("zero_point", "[q]"),
        4: ("details_type", "B"),
        6: ("quantized_dimension", "i"),
    },
)
_TENSOR = Schema(
    "Tensor",
    {
        0: ("shape", "[i]"),
        1: ("type", "b"),
        2: ("buffer", "I"),
        3: ("name", "string"),
        4: ("quantization", _QUANTIZATION),
        5: ("is_variable", "?"),
        7: ("shape_signature", "[i]"),
        8: ("has_rank", "?"),
    },
)
_OPERATOR = Schema(
    "Operator",
    {
        0: ("opcode_index", "I"),
        1: ("inputs", "[i]"),
        2: ("outputs", "[i]"),
        3: ("builtin_options_type", "B"),
        4: ("builtin_options", ("builtin_options_type", _OPTIONS)),
        5: ("custom_options", "[B]"),
        6: ("custom_options_format", "b"),
        7: ("mutating_variable_inputs", "[?]"),
        8: ("intermediates", "[i]"),
        11: ("builtin_options_2_type", "B"),
        13: ("debug_metadata_index", "i"),
    },
)
_OPERATOR_CODE = Schema(
    "OperatorCode",
    {
        0: ("deprecated_builtin_code", "b"),
        1: ("custom_code", "string"),
        2: ("version", "i"),
        3: ("builtin_code", "i"),
    },
)
_SUBGRAPH = Schema(
    "SubGraph",
    {
        0: ("tensors", (_TENSOR,)),
        1: ("inputs", "[i]"),
        2: ("outputs", "[i]"),
        3: ("operators", (_OPERATOR,)),
        4: ("name", "string"),
        5: ("debug_metadata_index", "i"),
    },
)
_TENSOR_MAP = Schema("TensorMap", {0: ("name", "string"), 1: ("tensor_index", "I")})
_SIGNATURE = Schema(
    "SignatureDef",
    {
        0: ("inputs", (_TENSOR_MAP,)),
        1: ("outputs", (_TENSOR_MAP,)),
        2: ("signature_key", "string"),
        4: ("subgraph_index", "I"),
    },
)

MODEL = Schema(
    "Model",
    {
        0: ("version", "I"),
        1: ("operator_codes", (_OPERATOR_CODE,)),
        2: ("subgraphs", (_SUBGRAPH,)),
        3: ("description", "string"),
        4: ("buffers", (Schema("Buffer", {0: ("data", "[B]")}),)),
        5: ("metadata_buffer", "[i]"),
        6: ("metadata", (Schema("Metadata", {0: ("name", "string"), 1: ("buffer", "I")}),)),
        7: ("signature_defs", (_SIGNATURE,)),
    },
)
IDENTIFIER = b"TFL3"
