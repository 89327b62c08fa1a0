"""What a network is trained on: inputs changed on their way in, and a teacher asked about the same inputs."""

from dataclasses import dataclass
from typing import Any

from harness.tasks.arrays import FloatArray
from harness.tasks.augment import Augmentation, changes
from harness.tasks.distil import beside, distillation_loss, taught_accuracy
from harness.tasks.framework import load_keras
from harness.tasks.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Answers:
    """What the network to learn from gives for inputs that do not change: probabilities float32 `[n, classes]`.

    Attributes:
        train: For the training inputs.
        validation: For the validation inputs.
    """

    train: FloatArray
    validation: FloatArray


@dataclass(frozen=True, eq=False)
class Lesson:
    """A network as it is trained.

    Attributes:
        model: `keras.Model` that shares the network's weights; inputs to probabilities, its teacher's beside them.
        loss: What `keras.losses.get` understands, of classes `[n]` and what `model` gives.
        metric: The network's own accuracy, as Keras wants it.
        answers: The teacher's, where they are known; `model` takes them as a second input.
    """

    model: Any
    loss: Any
    metric: Any
    answers: Answers | None


def prepare_lesson(
    model: Any, recipe: Recipe, seed: int, teacher: Any | Answers | None, augmentation: Augmentation | None
) -> Lesson:
    """`model` behind layers that change its inputs as the recipe wants it, beside its teacher where that distils.

    Args:
        model: `keras.Model` giving class probabilities.
        recipe: What is done.
        seed: Of all that is random.
        teacher: `keras.Model`, or its answers to inputs that do not change; needed where the recipe distils.
        augmentation: How inputs may be changed.
    """
    teacher = teacher if recipe.distillation else None
    answers = teacher if isinstance(teacher, Answers) else None
    layers = [] if answers else changes(augmentation, recipe, seed)
    if teacher is None:
        return Lesson(_behind(layers, model), "sparse_categorical_crossentropy", "accuracy", None)
    loss = distillation_loss(recipe.distillation, recipe.temperature)
    metric = load_keras().metrics.MeanMetricWrapper(taught_accuracy, name="accuracy")
    return Lesson(_beside_teacher(layers, model, teacher), loss, metric, answers)


def _changed(layers: list[Any], shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Inputs of `shape`, and what `layers` make of them."""
    changed = inputs = load_keras().Input(shape)
    for layer in layers:
        changed = layer(changed)
    return inputs, changed


def _behind(layers: list[Any], model: Any) -> Any:
    if not layers:
        return model
    inputs, changed = _changed(layers, model.input_shape[1:])
    return load_keras().Model(inputs, model(changed))


def _beside_teacher(layers: list[Any], model: Any, teacher: Any) -> Any:
    """The teacher sees what the network sees; answers that are known already come in as a second input."""
    keras = load_keras()
    inputs, changed = _changed(layers, model.input_shape[1:])
    if isinstance(teacher, Answers):
        known = keras.Input(model.output_shape[1:])
        return keras.Model([inputs, known], beside(model(changed), known))
    # A copy, since a network that others share must not be told here that it does not learn.
    copy = keras.models.clone_model(teacher)
    copy.set_weights(teacher.get_weights())
    asked = keras.Model(copy.inputs, copy.outputs[0], name="teacher")  # it may have its pupil's name
    asked.trainable = False
    return keras.Model(inputs, beside(model(changed), asked(changed, training=False)))
