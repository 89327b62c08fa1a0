"""Put a candidate's network together from the reference network and a head."""

from typing import Any

import numpy as np

from harness.errors import InputError
from harness.pruning.candidate import Candidate, check_heads
from harness.pruning.cuts import CutPoint, find_cuts
from harness.pruning.heads import CONTROL, DEFAULT_HEADS, HEADS, HeadSpec
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


def build_candidate(reference: Any, candidate: Candidate, class_count: int) -> Any:
    """The candidate's network before training: the kept part as trained, the head with arbitrary weights.

    Converted, it has the operators and shapes of the trained one, so its latency and memory can be
    measured first. It shares no weight with `reference`.

    Args:
        reference: Trained `keras.Model`.
        candidate: What to keep and what to put on it.
        class_count: Number of outputs, >= 2.

    Raises:
        InputError: `reference` has no such cut point.
    """
    model = assemble(reference, candidate, class_count)
    if candidate.cut is not None:
        _fill_vectors(model, candidate.seed)
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


def _fill_vectors(model: Any, seed: int) -> None:
    """Give the head's biases and BatchNorm vectors random values in place of zeros and ones.

    The converter drops additions of zero and multiplications by one, which a trained head never has.
    """
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if layer.name.startswith("head_"):
            weights = layer.get_weights()
            layer.set_weights([generator.uniform(0.05, 0.5, w.shape) if w.ndim == 1 else w for w in weights])
