"""Distillation: the loss that compares a network's outputs with another's."""

from collections.abc import Callable
from typing import Any

import numpy as np

from harness.tasks.arrays import FloatArray, LabelArray
from harness.tasks.framework import load_keras

_LEAST = 1e-7  # of a probability whose logarithm is taken


def soften(probabilities: FloatArray, temperature: float) -> FloatArray:
    """The probabilities of the same logits divided by `temperature`: float32 `[n, classes]` to the same."""
    logits = np.log(np.maximum(probabilities, _LEAST)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    softened: FloatArray = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return softened


def targets(y: LabelArray, teacher: FloatArray, temperature: float) -> FloatArray:
    """Classes int64 `[n]` and a teacher's probabilities `[n, classes]` side by side: float32 `[n, 2 * classes]`."""
    one_hot = np.eye(teacher.shape[1], dtype=np.float32)[y]
    return np.concatenate([one_hot, soften(teacher, temperature)], axis=1)


def distillation_loss(share: float, temperature: float) -> Callable[[Any, Any], Any]:
    """Cross-entropy with the class, and `share` of the divergence from the teacher, by squared temperature.

    Args:
        share: In [0, 1].
        temperature: What the logits of both are divided by, >= 1; the teacher's are so already.
    """
    ops = load_keras().ops

    def loss(packed: Any, found: Any) -> Any:
        one_hot, soft = ops.split(packed, 2, axis=-1)
        hard_loss = -ops.sum(one_hot * ops.log(ops.maximum(found, _LEAST)), axis=-1)
        logits = ops.log(ops.maximum(found, _LEAST)) / temperature
        gap = ops.log(ops.maximum(soft, _LEAST)) - ops.log_softmax(logits, axis=-1)
        soft_loss = ops.sum(soft * gap, axis=-1)
        return (1 - share) * hard_loss + share * temperature**2 * soft_loss

    return loss


def packed_accuracy(packed: Any, found: Any) -> Any:
    """Whether the largest output is the class, for targets as `targets` makes them."""
    ops = load_keras().ops
    one_hot, _ = ops.split(packed, 2, axis=-1)
    return ops.cast(ops.equal(ops.argmax(one_hot, axis=-1), ops.argmax(found, axis=-1)), "float32")
