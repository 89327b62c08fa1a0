"""BatchNorm's statistics while a network that was trained before is trained further."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from harness.pruning.graph import is_layer


def keep_statistics(layers: Iterable[Any]) -> None:
    """Let BatchNorm among `layers` learn scale and shift alone.

    A network's own statistics came from many more samples than there may be here, and a few steps an epoch
    leave new ones behind the weights.
    """
    for layer in layers:
        if is_layer(layer, "BatchNormalization"):
            layer.trainable = False  # so that Keras normalises with the statistics that are there
            for variable in (layer.gamma, layer.beta):
                if variable is not None:
                    variable.trainable = True


@contextmanager
def statistics_kept(model: Any) -> Iterator[None]:
    """Within it BatchNorm layers of `model` keep their statistics, but for those of a new head."""
    norms = [layer for layer in model.layers if is_layer(layer, "BatchNormalization") and layer.trainable]
    norms = [layer for layer in norms if not layer.name.startswith("head_")]
    keep_statistics(norms)
    try:
        yield
    finally:
        for layer in norms:
            layer.trainable = True
