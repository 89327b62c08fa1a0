"""BatchNorm's statistics while a network that was trained before is trained further."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from harness.pruning.graph import is_layer


@contextmanager
def statistics_kept(model: Any) -> Iterator[None]:
    """Keep what BatchNorm layers of `model` have learned while it is trained, but for those of a new head.

    A network's own statistics came from many more samples than there may be here, and a few steps an epoch
    leave new ones behind the weights.
    """
    norms = [layer for layer in model.layers if is_layer(layer, "BatchNormalization") and layer.trainable]
    norms = [layer for layer in norms if not layer.name.startswith("head_")]
    for layer in norms:
        layer.trainable = False
    try:
        yield
    finally:
        for layer in norms:
            layer.trainable = True
