"""Distillation: a network learns what another answers to the very inputs it sees itself."""

from collections.abc import Callable
from typing import Any

from harness.tasks.framework import load_keras

_LEAST = 1e-7  # of a probability whose logarithm is taken


def beside(found: Any, taught: Any) -> Any:
    """A network's probabilities `[n, classes]` and its teacher's, side by side: `[n, 2 * classes]`."""
    return load_keras().layers.Concatenate(name="beside_teacher")([found, taught])


def distillation_loss(share: float, temperature: float) -> Callable[[Any, Any], Any]:
    """Cross-entropy with the class, and `share` of the divergence from the teacher, by squared temperature.

    The loss takes classes `[n]` and what `beside` gives.

    Args:
        share: In [0, 1].
        temperature: What the logits of both are divided by, >= 1 (Hinton, Vinyals & Dean 2015).
    """
    keras = load_keras()
    ops = keras.ops

    def softened(probabilities: Any) -> Any:
        return ops.log_softmax(ops.log(ops.maximum(probabilities, _LEAST)) / temperature, axis=-1)

    def loss(y: Any, both: Any) -> Any:
        found, taught = ops.split(both, 2, axis=-1)
        own, wanted = softened(found), softened(taught)
        soft_loss = ops.sum(ops.exp(wanted) * (wanted - own), axis=-1)
        hard_loss = keras.losses.sparse_categorical_crossentropy(y, found)
        return (1 - share) * hard_loss + share * temperature**2 * soft_loss

    return loss


def taught_accuracy(y: Any, both: Any) -> Any:
    """Whether the network's own largest output is the class `[n]`, from what `beside` gives."""
    keras = load_keras()
    found, _ = keras.ops.split(both, 2, axis=-1)
    return keras.metrics.sparse_categorical_accuracy(y, found)
