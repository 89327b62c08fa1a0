"""Look into a `.tflite` file for operators that did not become integer ones."""

import tflite

_OPERATOR_NAMES = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}


def float_operators(content: bytes) -> list[str]:
    """Names of the operators that compute in floating point, in order of first use.

    Conversions to and from float around such an operator are not listed.
    """
    model = tflite.Model.GetRootAs(content, 0)
    found: list[str] = []
    for graph in (model.Subgraphs(number) for number in range(model.SubgraphsLength())):
        for operator in (graph.Operators(number) for number in range(graph.OperatorsLength())):
            tensors = [graph.Tensors(index) for index in operator.InputsAsNumpy() if index >= 0]
            name = _OPERATOR_NAMES[model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()]
            is_float = any(tensor.Type() == tflite.TensorType.FLOAT32 for tensor in tensors)
            if is_float and name not in ("QUANTIZE", *found):
                found.append(name)
    return found
