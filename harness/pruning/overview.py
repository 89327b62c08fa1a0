"""What can be cut where, and what is left: known before anything is trained."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.pruning.build import build_candidate
from harness.pruning.candidate import UNPRUNED, Candidate, check_heads
from harness.pruning.cuts import find_cuts, model_macs, model_params, model_peak_ram_bytes
from harness.pruning.heads import CONTROL


@dataclass(frozen=True)
class CutOverview:
    """A candidate before training.

    Attributes:
        candidate: Its name, such as `block2-aux`; `unpruned` for the whole network.
        cut: Name of the cut point, or None.
        head: Name of the head, or None.
        layer_name: Keras layer after which is cut, or None.
        map_shape: (height, width, channels) of the feature map there, or None.
        kept_params: Weights in front of the cut.
        kept_macs: Multiply-accumulates an inference in front of the cut.
        params: Weights of the whole candidate.
        macs: Multiply-accumulates an inference of it.
        peak_ram_bytes: Most bytes of its int8 activations alive at once (see `graph.peak_bytes`).
    """

    candidate: str
    cut: str | None
    head: str | None
    layer_name: str | None
    map_shape: tuple[int, int, int] | None
    kept_params: int
    kept_macs: int
    params: int
    macs: int
    peak_ram_bytes: int

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return asdict(self)


def overview(model: Any, heads: tuple[str, ...]) -> list[CutOverview]:
    """The unpruned network, then each cut with each head, front to back.

    Args:
        model: `keras.Model` with one input and one output.
        heads: Names of heads.

    Raises:
        InputError: The model cannot be cut, or a head is unknown.
    """
    check_heads(heads)
    class_count = int(model.output_shape[-1])
    whole = (model_params(model), model_macs(model))
    rows = [
        CutOverview(
            UNPRUNED, None, None, None, None, *whole, *whole, peak_ram_bytes=model_peak_ram_bytes(model)
        )
    ]
    for cut in find_cuts(model):
        for head in heads:
            if head == CONTROL:
                continue
            candidate = Candidate(cut.name, head)
            built = build_candidate(model, candidate, class_count)
            rows.append(
                CutOverview(
                    candidate.key,
                    cut.name,
                    head,
                    cut.layer_name,
                    cut.map_shape,
                    cut.params,
                    cut.macs,
                    model_params(built),
                    model_macs(built),
                    model_peak_ram_bytes(built),
                )
            )
    return rows
