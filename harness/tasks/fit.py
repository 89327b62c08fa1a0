"""One training run of a Keras model under a recipe."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.tasks.arrays import FloatArray, LabelArray
from harness.tasks.augment import Augmentation, changes
from harness.tasks.distil import beside, distillation_loss, taught_accuracy
from harness.tasks.framework import load_keras, seeded
from harness.tasks.recipe import Recipe

_PREDICT_BATCH = 256


@dataclass(frozen=True, eq=False)
class Answers:
    """What the network to learn from gives for inputs that do not change: probabilities float32 `[n, classes]`.

    Attributes:
        train: For the training inputs.
        validation: For the validation inputs.
    """

    train: FloatArray
    validation: FloatArray


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
    *,
    teacher: Any | Answers | None = None,
    augmentation: Augmentation | None = None,
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
        if recipe.patience is not None and epoch.number - _best(history).number >= recipe.patience:
            trained.stop_training = True
        if on_epoch:
            on_epoch(epoch)

    started = time.perf_counter()
    with seeded(seed):
        teacher = teacher if recipe.distillation else None
        layers = [] if isinstance(teacher, Answers) else changes(augmentation, recipe, seed)
        trained = _lesson(model, layers, teacher)
        train_x: Any = train[0]
        validation_x: Any = validation[0]
        if isinstance(teacher, Answers):
            train_x, validation_x = [train[0], teacher.train], [validation[0], teacher.validation]
        loss: Any = "sparse_categorical_crossentropy"
        metric: Any = "accuracy"
        if teacher is not None:
            loss = distillation_loss(recipe.distillation, recipe.temperature)
            metric = keras.metrics.MeanMetricWrapper(taught_accuracy, name="accuracy")
        trained.compile(keras.optimizers.Adam(), loss, metrics=[metric])
        trained.fit(
            train_x,
            train[1],
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            validation_data=(validation_x, validation[1]),
            validation_batch_size=_PREDICT_BATCH,
            verbose=0,
            callbacks=[
                keras.callbacks.LearningRateScheduler(recipe.learning_rate),
                keras.callbacks.LambdaCallback(on_epoch_end=end_epoch),
            ],
        )
        model.set_weights(kept)
    return FitResult(tuple(history), _best(history), time.perf_counter() - started)


def _lesson(model: Any, layers: list[Any], teacher: Any | Answers | None) -> Any:
    """`model`, its weights shared, behind `layers` that change its inputs, and with its teacher's answers beside its own.

    Answers that are known already come in as a second input.
    """
    if not layers and teacher is None:
        return model
    keras = load_keras()
    changed = inputs = keras.Input(model.input_shape[1:])
    for layer in layers:
        changed = layer(changed)
    if teacher is None:
        return keras.Model(inputs, model(changed))
    if isinstance(teacher, Answers):
        known = keras.Input(model.output_shape[1:])
        return keras.Model([inputs, known], beside(model(changed), known))
    # A copy, since a network that others share must not be told here that it does not learn.
    copy = keras.models.clone_model(teacher)
    copy.set_weights(teacher.get_weights())
    asked = keras.Model(copy.inputs, copy.outputs[0], name="teacher")  # it may have its pupil's name
    asked.trainable = False
    return keras.Model(inputs, beside(model(changed), asked(changed, training=False)))


def predict(model: Any, x: FloatArray) -> FloatArray:
    """What `model` gives for inputs `[n, ...]`: float32 `[n, ...]`."""
    output: FloatArray = model.predict(x, batch_size=_PREDICT_BATCH, verbose=0)
    return output


def accuracy(model: Any, x: FloatArray, y: LabelArray) -> float:
    """Share in [0, 1] of inputs `[n, ...]` whose largest output is their class `[n]`."""
    return float(np.mean(np.argmax(predict(model, x), axis=1) == y))


def _best(history: list[Epoch]) -> Epoch:
    return max(history, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
