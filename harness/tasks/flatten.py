"""A network as one graph of plain layers, the form in which it is cut, thinned and counted."""

from typing import Any

from harness.tasks.framework import load_keras
from harness.tasks.sequences import picture_layers, reads_sequences


def flattened(model: Any) -> Any:
    """`model` with the layers of networks inside it in its own graph, `SeparableConv2D` as the two layers it is, and
    sequences `(steps, channels)` as pictures `(steps, 1, channels)`.

    What it gives stays the same. A backbone within a network, as transfer learning makes it, and separable
    convolutions would otherwise be single layers with nothing to cut or to thin in them.

    Args:
        model: `keras.Model`; it keeps its layers.

    Returns:
        The model itself where there is nothing to do, or where it is no graph with one input and one output.
    """
    if not _is_graph(model):
        return model
    is_flat = not any(_is_network(layer) or _is_separable(layer) for layer in model.layers)
    return model if is_flat and not _of_sequences(model) else _rebuilt(model, without=None)


def without_rescaling(model: Any) -> Any:
    """`model`, as `flattened` gives it, without the first of its `Rescaling` layers: for samples that are scaled already."""
    first = next(layer for layer in model.layers if isinstance(layer, load_keras().layers.Rescaling))
    return _rebuilt(model, without=first)


def _rebuilt(model: Any, without: Any) -> Any:
    keras = load_keras()
    source, of_sequences = model.inputs[0], _of_sequences(model)
    shape = source.shape
    if of_sequences and len(shape) == 3:
        shape = (*shape[:2], 1, shape[2])
    inputs = keras.Input(batch_shape=shape, dtype=source.dtype, name=source.name)
    return keras.Model(inputs, _Copies(without, of_sequences).run(model, inputs), name=model.name)


class _Copies:
    """Layers with the weights of others, each made once, of different names; all but `without`."""

    def __init__(self, without: Any, of_sequences: bool) -> None:
        self._without = without
        self._of_sequences = of_sequences
        self._made: dict[int, list[Any]] = {}
        self._names: set[str] = set()

    def run(self, network: Any, tensor: Any) -> Any:
        """What copies of all layers of `network` make of `tensor`."""
        graph = load_keras().Model(network.inputs[0], network.outputs[0])
        # As keras.models.clone_model does it, which cannot begin within another graph.
        return graph._run_through_graph(tensor, operation_fn=lambda layer: layer, call_fn=self._call)

    def _call(self, layer: Any, *args: Any, **kwargs: Any) -> Any:
        if _is_network(layer):
            return self.run(layer, args[0])
        if layer is self._without:
            return args[0]
        if id(layer) not in self._made:
            self._made[id(layer)] = self._copies(layer)
        if self._of_sequences:
            kwargs.pop("mask", None)  # GlobalAveragePooling1D can have one, of layers that are refused
        first, *rest = self._made[id(layer)]
        result = first(*args, **kwargs)
        for further in rest:
            result = further(result)
        _give_weights(layer, [first, *rest])
        return result

    def _copies(self, layer: Any) -> list[Any]:
        whole = picture_layers(layer) if self._of_sequences else [layer]
        parts = [part for found in whole for part in (_split(found) if _is_separable(found) else [found])]
        return [type(part).from_config(part.get_config() | {"name": self._free(part.name)}) for part in parts]

    def _free(self, name: str) -> str:
        wanted, number = name, 1
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name


def _split(separable: Any) -> list[Any]:
    layers, config = load_keras().layers, separable.get_config()
    same = ("kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier", "data_format")
    depthwise = layers.DepthwiseConv2D(
        **{name: config[name] for name in same}, use_bias=False, name=f"{separable.name}_depthwise"
    )
    pointwise = layers.Conv2D(
        separable.filters,
        1,
        data_format=separable.data_format,
        use_bias=separable.use_bias,
        activation=separable.activation,
        name=f"{separable.name}_pointwise",
    )
    return [depthwise, pointwise]


def _give_weights(layer: Any, copies: list[Any]) -> None:
    weights = layer.get_weights()
    for copy in copies:
        own = copy.get_weights()
        copy.set_weights([value.reshape(like.shape) for value, like in zip(weights, own, strict=False)])
        weights = weights[len(own) :]


def _of_sequences(model: Any) -> bool:
    return reads_sequences(model.get_config())


def _is_graph(model: Any) -> bool:
    try:
        return len(model.inputs) == 1 and len(model.outputs) == 1
    except (AttributeError, ValueError, TypeError):  # a subclass of keras.Model, or one that was never built
        return False


def _is_network(layer: Any) -> bool:
    return isinstance(layer, load_keras().Model) and _is_graph(layer)


def _is_separable(layer: Any) -> bool:
    return isinstance(layer, load_keras().layers.SeparableConv2D)
