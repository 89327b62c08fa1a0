"""One training run of a Keras model under a recipe."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.tasks.arrays import FloatArray, LabelArray
from harness.tasks.augment import Augmentation
from harness.tasks.framework import load_keras, seeded
from harness.tasks.lesson import Answers, prepare_lesson
from harness.tasks.optimizer import adam
from harness.tasks.recipe import Recipe
from harness.tasks.shared_map import SharedMap

_PREDICT_BATCH = 256


@dataclass(frozen=True)
class Epoch:
    """What an epoch ended with: number from 1, losses in nats, accuracies in [0, 1].

    Number 0 is the network before training.
    """

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
        best: The entry kept: highest validation accuracy, then lowest validation loss, then first; by the loss alone
            where the recipe says so.
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
    *,
    teacher: Any | Answers | None = None,
    augmentation: Augmentation | None = None,
    maps: tuple[SharedMap, ...] = (),
    from_start: bool = False,
) -> FitResult:
    """Train `model` in place and leave it with its best epoch's weights.

    Args:
        model: `keras.Model` giving class probabilities.
        train: Inputs float32 `[n, ...]` and classes int64 `[n]`.
        validation: The same, disjoint from `train`.
        recipe: Epochs, batch size, rates, patience, changes of the inputs, and how much of a teacher.
        seed: Of shuffling, changes and dropout.
        on_epoch: Called after every epoch; what it raises ends the training and propagates.
        teacher: `keras.Model` to learn from besides the classes, which is asked about the inputs as they are changed;
            or its answers to inputs that do not change. Needed where the recipe distils.
        augmentation: How training inputs may be changed, anew in every epoch.
        maps: What the model is to keep like its teacher's where the recipe matches feature maps.
        from_start: Whether the model may be best as it is: where it has been trained before.
    """
    keras = load_keras()
    history: list[Epoch] = []
    best: Epoch | None = None
    kept: list[Any] = []

    def compare(epoch: Epoch) -> Epoch:
        nonlocal best, kept
        if best is None or _merit(epoch, recipe) > _merit(best, recipe):
            best, kept = epoch, model.get_weights()
        return best

    def end_epoch(number: int, logs: dict[str, float]) -> None:
        epoch = Epoch(
            number + 1,
            *(float(logs[key]) for key in ("loss", "accuracy", "val_loss", "val_accuracy")),
        )
        history.append(epoch)
        found = compare(epoch)
        if recipe.patience is not None and epoch.number - found.number >= recipe.patience:
            trained.stop_training = True
        if on_epoch:
            on_epoch(epoch)

    started = time.perf_counter()
    with seeded(seed):
        lesson = prepare_lesson(model, recipe, seed, teacher, augmentation, maps)
        trained = lesson.model
        train_x: Any = train[0]
        validation_x: Any = validation[0]
        if lesson.answers:
            train_x, validation_x = (
                [train[0], lesson.answers.train],
                [validation[0], lesson.answers.validation],
            )
        optimizer = adam(trained.trainable_variables, averaging=recipe.averaging)
        trained.compile(optimizer, lesson.loss, metrics=[lesson.metric])
        if from_start:
            sides = [
                trained.evaluate(x, y, batch_size=_PREDICT_BATCH, verbose=0)
                for x, y in ((train_x, train[1]), (validation_x, validation[1]))
            ]
            compare(Epoch(0, *map(float, sides[0]), *map(float, sides[1])))
        trained.fit(
            train_x,
            train[1],
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            validation_data=(validation_x, validation[1]),
            validation_batch_size=_PREDICT_BATCH,
            verbose=0,
            callbacks=[
                # Before the last one, which then reads the averages.
                *([keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if recipe.averaging else []),
                keras.callbacks.LearningRateScheduler(recipe.learning_rate),
                keras.callbacks.LambdaCallback(on_epoch_end=end_epoch),
            ],
        )
        model.set_weights(kept)
    assert best is not None  # a recipe has an epoch
    return FitResult(tuple(history), best, time.perf_counter() - started)


def predict(model: Any, x: FloatArray) -> FloatArray:
    """What `model` gives for inputs `[n, ...]`: float32 `[n, ...]`."""
    output: FloatArray = model.predict(x, batch_size=_PREDICT_BATCH, verbose=0)
    return output


def accuracy(model: Any, x: FloatArray, y: LabelArray) -> float:
    """Share in [0, 1] of inputs `[n, ...]` whose largest output is their class `[n]`."""
    return float(np.mean(np.argmax(predict(model, x), axis=1) == y))


def _merit(epoch: Epoch, recipe: Recipe) -> tuple[float, float]:
    return (0.0 if recipe.best_by_loss else epoch.val_accuracy, -epoch.val_loss)
