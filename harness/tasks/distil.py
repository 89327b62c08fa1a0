"""Distillation: a network learns what another answers to the very inputs it sees itself, and how it comes to that."""

from collections.abc import Callable
from typing import Any

from harness.tasks.framework import load_keras

_LEAST = 1e-7  # of a probability whose logarithm is taken


def beside(found: Any, taught: Any, apart: Any = None) -> Any:
    """A network's probabilities `[n, classes]`, its teacher's, and where given `maps_apart`: `[n, 2 * classes (+ 1)]`."""
    columns = [found, taught] if apart is None else [found, taught, apart]
    return load_keras().layers.Concatenate(name="beside_teacher")(columns)


def maps_apart(found: list[Any], wanted: list[Any]) -> Any:
    """How far feature maps `[n, ..., channels]` are from what they should be: `[n, 1]`, >= 0.

    It is the mean squared difference as a share of the variance of what is wanted, which 1 is for a map that says nothing;
    each map counts alike, however large.
    """
    keras = load_keras()
    ops = keras.ops

    def apart(maps: list[Any]) -> Any:
        return sum(map(one_apart, maps[: len(found)], maps[len(found) :])) / len(found)

    def one_apart(is_: Any, should: Any) -> Any:
        squared = ops.square(is_ - should)
        of_each = ops.mean(ops.reshape(squared, (ops.shape(squared)[0], -1)), axis=1, keepdims=True)
        return of_each / ops.maximum(ops.var(should), _LEAST)

    return keras.layers.Lambda(apart, output_shape=(1,), name="maps_apart")([*found, *wanted])


def distillation_loss(share: float, temperature: float, matching: float = 0.0) -> Callable[[Any, Any], Any]:
    """Cross-entropy with the class, and `share` of the divergence from the teacher, by squared temperature.

    The loss takes classes `[n]` and what `beside` gives; `maps_apart`, where it is there, counts `matching` times.

    Args:
        share: In [0, 1].
        temperature: What the logits of both are divided by, >= 1 (Hinton, Vinyals & Dean 2015).
        matching: Weight of the feature maps, >= 0 (Romero et al., "FitNets: Hints for Thin Deep Nets", 2015).
    """
    keras = load_keras()
    ops = keras.ops

    def softened(probabilities: Any) -> Any:
        return ops.log_softmax(ops.log(ops.maximum(probabilities, _LEAST)) / temperature, axis=-1)

    def loss(y: Any, both: Any) -> Any:
        found, taught, apart = _columns(both)
        own, wanted = softened(found), softened(taught)
        soft_loss = ops.sum(ops.exp(wanted) * (wanted - own), axis=-1)
        hard_loss = keras.losses.sparse_categorical_crossentropy(y, found)
        answers = (1 - share) * hard_loss + share * temperature**2 * soft_loss
        return answers + matching * ops.sum(apart, axis=-1)

    return loss


def taught_accuracy(y: Any, both: Any) -> Any:
    """Whether the network's own largest output is the class `[n]`, from what `beside` gives."""
    found, _, _ = _columns(both)
    return load_keras().metrics.sparse_categorical_accuracy(y, found)


def _columns(both: Any) -> tuple[Any, Any, Any]:
    """The network's probabilities, its teacher's, and how far maps are apart: one column or none."""
    classes = both.shape[-1] // 2
    return both[:, :classes], both[:, classes : 2 * classes], both[:, 2 * classes :]
