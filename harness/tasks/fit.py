"""One training run of a Keras model under a recipe."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.tasks.framework import load_keras, seeded
from harness.tasks.recipe import Recipe
from harness.tasks.task import FloatArray, LabelArray

_PREDICT_BATCH = 256


@dataclass(frozen=True)
class Epoch:
    """What an epoch ended with: number from 1, losses in nats, accuracies in [0, 1]."""

    number: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float


@dataclass(frozen=True)
class FitResult:
    """All epochs, and which of them the model's weights are now of.

    Attributes:
        history: One entry an epoch.
        best: The entry kept: highest validation accuracy, then lowest validation loss, then first.
        seconds: Wall time of the training.
    """

    history: tuple[Epoch, ...]
    best: Epoch
    seconds: float


def fit(
    model: Any,
    train: tuple[FloatArray, LabelArray],
    validation: tuple[FloatArray, LabelArray],
    recipe: Recipe,
    seed: int,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> FitResult:
    """Train `model` in place and leave it with its best epoch's weights.

    Args:
        model: `keras.Model` giving class probabilities.
        train: Inputs float32 `[n, ...]` and classes int64 `[n]`.
        validation: The same, disjoint from `train`.
        recipe: Epochs, batch size, rates.
        seed: Of shuffling and dropout.
        on_epoch: Called after every epoch; what it raises ends the training and propagates.
    """
    keras = load_keras()
    history: list[Epoch] = []
    kept: list[Any] = []

    def end_epoch(number: int, logs: dict[str, float]) -> None:
        nonlocal kept
        epoch = Epoch(
            number + 1,
            *(float(logs[key]) for key in ("loss", "accuracy", "val_loss", "val_accuracy")),
        )
        history.append(epoch)
        if _best(history) is epoch:
            kept = model.get_weights()
        if on_epoch:
            on_epoch(epoch)

    started = time.perf_counter()
    with seeded(seed):
        model.compile(keras.optimizers.Adam(), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(
            *train,
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            validation_data=validation,
            validation_batch_size=_PREDICT_BATCH,
            verbose=0,
            callbacks=[
                keras.callbacks.LearningRateScheduler(recipe.learning_rate),
                keras.callbacks.LambdaCallback(on_epoch_end=end_epoch),
            ],
        )
        model.set_weights(kept)
    return FitResult(tuple(history), _best(history), time.perf_counter() - started)


def predict(model: Any, x: FloatArray) -> FloatArray:
    """What `model` gives for inputs `[n, ...]`: float32 `[n, ...]`."""
    output: FloatArray = model.predict(x, batch_size=_PREDICT_BATCH, verbose=0)
    return output


def accuracy(model: Any, x: FloatArray, y: LabelArray) -> float:
    """Share in [0, 1] of inputs `[n, ...]` whose largest output is their class `[n]`."""
    return float(np.mean(np.argmax(predict(model, x), axis=1) == y))


def _best(history: list[Epoch]) -> Epoch:
    return max(history, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
