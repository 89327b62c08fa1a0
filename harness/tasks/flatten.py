"""A network as one graph of plain layers, the form in which it is cut, thinned and counted."""

from typing import Any

from harness.tasks.framework import load_keras


def flattened(model: Any) -> Any:
    """`model` with the layers of networks inside it in its own graph and `SeparableConv2D` as the two layers it is.

    What it gives stays the same. A backbone within a network, as transfer learning makes it, and separable
    convolutions would otherwise be single layers with nothing to cut or to thin in them.

    Args:
        model: `keras.Model`; it keeps its layers.

    Returns:
        The model itself where there is nothing to do, or where it is no graph with one input and one output.
    """
    if not _is_graph(model) or not any(_is_network(layer) or _is_separable(layer) for layer in model.layers):
        return model
    return _rebuilt(model, without=None)


def without_rescaling(model: Any) -> Any:
    """`model`, as `flattened` gives it, without the first of its `Rescaling` layers: for samples that are scaled already."""
    first = next(layer for layer in model.layers if isinstance(layer, load_keras().layers.Rescaling))
    return _rebuilt(model, without=first)


def _rebuilt(model: Any, without: Any) -> Any:
    keras = load_keras()
    source = model.inputs[0]
    inputs = keras.Input(batch_shape=source.shape, dtype=source.dtype, name=source.name)
    return keras.Model(inputs, _Copies(without).run(model, inputs), name=model.name)


class _Copies:
    """Layers with the weights of others, each made once, of different names; all but `without`."""

    def __init__(self, without: Any) -> None:
        self._without = without
        self._made: dict[int, tuple[Any, ...]] = {}
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
            self._made[id(layer)] = self._split(layer) if _is_separable(layer) else (self._copy(layer),)
        first, *rest = self._made[id(layer)]
        result = first(*args, **kwargs)
        for further in rest:
            result = further(result)
        _give_weights(layer, (first, *rest))
        return result

    def _copy(self, layer: Any) -> Any:
        config = layer.get_config()
        return type(layer).from_config({**config, "name": self._free(config["name"])})

    def _split(self, layer: Any) -> tuple[Any, Any]:
        layers, config = load_keras().layers, layer.get_config()
        same = ("kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier", "data_format")
        depthwise = layers.DepthwiseConv2D(
            **{name: config[name] for name in same},
            use_bias=False,
            name=self._free(f"{config['name']}_depthwise"),
        )
        pointwise = layers.Conv2D(
            layer.filters,
            1,
            data_format=layer.data_format,
            use_bias=layer.use_bias,
            activation=layer.activation,
            name=self._free(f"{config['name']}_pointwise"),
        )
        return depthwise, pointwise

    def _free(self, name: str) -> str:
        wanted, number = name, 1
        while name in self._names:
            number += 1
            name = f"{wanted}_{number}"
        self._names.add(name)
        return name


def _give_weights(layer: Any, copies: tuple[Any, ...]) -> None:
    weights = layer.get_weights()
    for copy in copies:
        count = len(copy.get_weights())
        copy.set_weights(weights[:count])
        weights = weights[count:]


def _is_graph(model: Any) -> bool:
    try:
        return len(model.inputs) == 1 and len(model.outputs) == 1
    except (AttributeError, ValueError, TypeError):  # a subclass of keras.Model, or one that was never built
        return False


def _is_network(layer: Any) -> bool:
    return isinstance(layer, load_keras().Model) and _is_graph(layer)


def _is_separable(layer: Any) -> bool:
    return isinstance(layer, load_keras().layers.SeparableConv2D)
