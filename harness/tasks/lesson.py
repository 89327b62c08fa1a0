"""What a network is trained on: inputs changed on their way in, and a teacher asked about the same inputs."""

from dataclasses import dataclass
from typing import Any

from harness.tasks.arrays import FloatArray
from harness.tasks.augment import Augmentation, changes
from harness.tasks.distil import beside, distillation_loss, maps_apart, taught_accuracy
from harness.tasks.framework import load_keras
from harness.tasks.recipe import Recipe
from harness.tasks.shared_map import SharedMap


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
    model: Any,
    recipe: Recipe,
    seed: int,
    teacher: Any | Answers | None,
    augmentation: Augmentation | None,
    maps: tuple[SharedMap, ...] = (),
) -> Lesson:
    """`model` behind layers that change its inputs as the recipe wants it, beside its teacher where that distils.

    Args:
        model: `keras.Model` giving class probabilities.
        recipe: What is done.
        seed: Of all that is random.
        teacher: `keras.Model`, or its answers to inputs that do not change; needed where the recipe distils.
        augmentation: How inputs may be changed.
        maps: What `model` shares with a teacher that is a network; they stay alike where the recipe matches them.
    """
    teacher = teacher if recipe.distillation else None
    answers = teacher if isinstance(teacher, Answers) else None
    layers = [] if answers else changes(augmentation, recipe, seed)
    metrics = load_keras().metrics  # made before a step is traced, as the optimizer is
    if teacher is None:
        metric = metrics.SparseCategoricalAccuracy("accuracy")
        return Lesson(_behind(layers, model), "sparse_categorical_crossentropy", metric, None)
    loss = distillation_loss(recipe.distillation, recipe.temperature, recipe.matching)
    metric = metrics.MeanMetricWrapper(taught_accuracy, name="accuracy")
    matched = maps if recipe.matching else ()
    return Lesson(_beside_teacher(layers, model, teacher, matched), loss, metric, answers)


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


def _beside_teacher(layers: list[Any], model: Any, teacher: Any, shared: tuple[SharedMap, ...]) -> Any:
    """The teacher sees what the network sees; answers that are known already come in as a second input."""
    keras = load_keras()
    inputs, changed = _changed(layers, model.input_shape[1:])
    if isinstance(teacher, Answers):
        known = keras.Input(model.output_shape[1:])
        return keras.Model([inputs, known], beside(model(changed), known))
    names = [one.layer for one in shared]
    found, *maps = _with_maps(model, names)(changed)
    taught, *whole = _asked(teacher, names)(changed, training=False)
    if not shared:
        return keras.Model(inputs, beside(found, taught))
    wanted = [_only(one, of_teacher) for one, of_teacher in zip(shared, whole, strict=True)]
    return keras.Model(inputs, beside(found, taught, maps_apart(maps, wanted)))


def _with_maps(model: Any, names: list[str], name: str | None = None) -> Any:
    """The network, sharing its weights, that gives a list: its answers, then these layers' maps."""
    maps = [model.get_layer(layer).output for layer in names]
    return load_keras().Model(model.inputs[0], [model.outputs[0], *maps], name=name)


def _asked(teacher: Any, names: list[str]) -> Any:
    """A copy that learns nothing: a network that others share must not be told that it does not learn."""
    copy = load_keras().models.clone_model(teacher)
    copy.set_weights(teacher.get_weights())
    asked = _with_maps(copy, names, "teacher")  # not its own name: it may have its pupil's
    asked.trainable = False
    return asked


def _only(shared: SharedMap, whole: Any) -> Any:
    """The channels of a map that are left."""
    keras = load_keras()
    chosen = shared.channels.tolist()
    if chosen == list(range(whole.shape[-1])):
        return whole
    shape = (*whole.shape[1:-1], len(chosen))
    return keras.layers.Lambda(lambda maps: keras.ops.take(maps, chosen, axis=-1), output_shape=shape)(whole)
