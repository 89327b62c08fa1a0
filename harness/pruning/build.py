"""Put a candidate's network together from the reference network and a head."""

from typing import Any

import numpy as np

from harness.errors import InputError
from harness.pruning.candidate import Candidate, check_heads
from harness.pruning.cuts import CutPoint, find_cuts
from harness.pruning.heads import CONTROL, DEFAULT_HEADS, HEADS, HeadSpec
from harness.tasks.arrays import FloatArray
from harness.tasks.framework import load_keras, seeded


def list_candidates(
    reference: Any,
    heads: tuple[str, ...] = DEFAULT_HEADS,
    seed: int = 0,
    *,
    frozen: tuple[bool, ...] = (True,),
    widths: tuple[float, ...] = (1.0,),
) -> list[Candidate]:
    """The unpruned network, then each cut point of `reference` with each of `heads`, front to back.

    Args:
        reference: Trained `keras.Model`.
        heads: Names of heads; `none` stands for the control, the unpruned network trained further.
        seed: Of all candidates.
        frozen: Whether the kept part stays as it is: one candidate for each.
        widths: Factors on the heads' channels: one candidate for each; those of `gap`, which has none, once.

    Raises:
        InputError: `reference` cannot be cut, or a head is unknown.
    """
    check_heads(heads)
    pruned = [
        Candidate(cut.name, head, frozen=stays, seed=seed, width=width)
        for cut in find_cuts(reference)
        for head in heads
        if head != CONTROL
        for width in (widths if head != "gap" else (1.0,))
        for stays in frozen
    ]
    control = [Candidate(None, CONTROL, seed=seed)] if CONTROL in heads else []
    return [Candidate(None, None, seed=seed), *control, *pruned]


def build_candidate(
    reference: Any, candidate: Candidate, class_count: int, samples: FloatArray | None = None
) -> Any:
    """The candidate's network before training: the kept part as trained, the head with arbitrary weights.

    Converted, it has the operators and shapes of the trained one, so its latency and memory can be
    measured first. It shares no weight with `reference`.

    Args:
        reference: Trained `keras.Model`.
        candidate: What to keep and what to put on it.
        class_count: Number of outputs, >= 2.
        samples: Inputs float32 `[n, *input_shape]` that the head's BatchNorm takes its statistics from. Kernels
            are chosen by the ranges of sums too, which without them are not like those of a trained head.

    Raises:
        InputError: `reference` has no such cut point.
    """
    model = assemble(reference, candidate, class_count)
    if candidate.cut is not None:
        _fill_weights(model, candidate.seed)
        if samples is not None:
            _settle_statistics(model, samples)
    return model


def assemble(reference: Any, candidate: Candidate, class_count: int) -> Any:
    """As `build_candidate`, with the head's weights as training starts from them."""
    keras = load_keras()
    kept = keras.models.clone_model(reference)
    kept.set_weights(reference.get_weights())
    if candidate.cut is None:
        return kept
    cut = cut_named(reference, candidate.cut)
    with seeded(candidate.seed):
        output = _stacked(kept.get_layer(cut.layer_name).output, cut, candidate, class_count)
    return keras.Model(kept.inputs[0], output, name=f"{reference.name}-{candidate.key}")


def assemble_head(reference: Any, candidate: Candidate, class_count: int) -> Any:
    """The head alone, from a feature map float32 `[n, *map_shape]` to probabilities `[n, class_count]`."""
    keras = load_keras()
    cut = cut_named(reference, str(candidate.cut))
    with seeded(candidate.seed):
        inputs = keras.layers.Input(cut.map_shape, name="map")
        output = _stacked(inputs, cut, candidate, class_count)
    return keras.Model(inputs, output, name=f"{reference.name}-{candidate.key}-head")


def assemble_tail(reference: Any, cut: CutPoint) -> Any:
    """The kept part alone, sharing its weights with `reference`: inputs to feature maps."""
    return load_keras().Model(reference.inputs[0], reference.get_layer(cut.layer_name).output)


def cut_named(reference: Any, name: str) -> CutPoint:
    """The cut point called `name`.

    Raises:
        InputError: `reference` has no such cut point.
    """
    cuts = find_cuts(reference)
    for cut in cuts:
        if cut.name == name:
            return cut
    known = ", ".join(cut.name for cut in cuts)
    raise InputError(f"model {reference.name!r} has no cut point {name!r}; it has {known}")


def _stacked(x: Any, cut: CutPoint, candidate: Candidate, class_count: int) -> Any:
    for layer in HEADS[str(candidate.head)](HeadSpec(class_count, cut.map_shape, candidate.width)):
        x = layer(x)
    return x


def _fill_weights(model: Any, seed: int) -> None:
    """Give the head's weights the spread of trained ones.

    Biases and BatchNorm's vectors are not all 0 or 1, as the converter drops additions of zero and multiplications
    by one; kernels are normal, as a trained one has few weights as large as its largest.
    """
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if layer.name.startswith("head_"):
            for weight in layer.weights:
                shape = tuple(weight.shape)
                if weight.name in ("gamma", "moving_variance"):
                    weight.assign(generator.uniform(0.8, 1.2, shape))
                elif len(shape) == 1:
                    weight.assign(generator.uniform(-0.1, 0.1, shape))
                else:
                    weight.assign(generator.normal(0, np.std(np.asarray(weight)), shape))


def _settle_statistics(model: Any, samples: FloatArray) -> None:
    """Set the moving statistics of the head's BatchNorm to those of these samples."""
    normalising = [layer for layer in model.layers if hasattr(layer, "moving_mean")]
    own = [layer for layer in normalising if layer.name.startswith("head_")]
    before = [(layer, layer.momentum, layer.trainable) for layer in normalising]
    for layer in normalising:
        layer.trainable = layer in own  # one that is not trainable keeps its statistics
    for layer in own:
        layer.momentum = 0.0
    model(samples, training=True)
    for layer, momentum, trainable in before:
        layer.momentum, layer.trainable = momentum, trainable
