"""Adam that leaves nothing behind: a process may train any number of networks."""

from collections.abc import Iterable
from typing import Any

from harness.tasks.framework import load_keras, load_tensorflow


def adam(variables: Iterable[Any], rate: float = 1e-3, averaging: float = 0.0) -> Any:
    """A `keras.optimizers.Adam` for `variables`, ready before its first step is traced.

    Args:
        variables: What it will change, `keras.Variable`.
        rate: Learning rate, > 0.
        averaging: Momentum in [0, 1) of the variables' moving average; 0 for none.
    """
    optimizer = load_keras().optimizers.Adam(rate, use_ema=averaging > 0, ema_momentum=averaging)
    # Keras adds gradients up over devices, here one. TensorFlow registers a gradient of that sum for each graph and
    # keeps it, and so the graph, until the process ends.
    optimizer._all_reduce_sum_gradients = _as_they_are
    # State made while a step is traced costs two functions a variable, a third of a short training's time.
    optimizer.build(list(variables))
    return optimizer


def _as_they_are(gradients: Iterable[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """The sum over one device: still an operator of its own, for without it the graph rounds in another order."""
    values, variables = zip(*gradients, strict=True)
    return list(zip(load_tensorflow().identity_n(list(values)), variables, strict=True))
