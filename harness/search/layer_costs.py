"""What a board's measured rows say of the costs of layers: the ground of a channel pruning's budget."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from harness.config.kinds import BoardKind
from harness.firmware.backends import target_of
from harness.firmware.layer import Layer
from harness.firmware.plan import plan_model
from harness.measure.layers import LayerProfile
from harness.pruning.channels import LayerSample
from harness.store import Measurement, Store

_KINDS = {
    "depthwise_conv_2d": "depthwise",
    "fully_connected": "dense",
    "add": "add",
    "average_pool_2d": "pool",
    "max_pool_2d": "pool",
    "mean": "pool",
}


@dataclass(frozen=True)
class MeasuredCosts:
    """What was measured on one board.

    Attributes:
        layers: Each layer that was timed, those that are alike and took as long once.
        flash_bytes: Image of the model whose channels are pruned.
        ram_bytes: Its RAM: static, arena and stack.
        arena_bytes: Activations in it.
    """

    layers: tuple[LayerSample, ...]
    flash_bytes: int
    ram_bytes: int
    arena_bytes: int

    def to_json(self) -> dict[str, Any]:
        """The costs as JSON values."""
        return {**asdict(self), "layers": [asdict(layer) for layer in self.layers]}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "MeasuredCosts":
        """The costs that `to_json` described."""
        return cls(**{**fields, "layers": tuple(LayerSample(**layer) for layer in fields["layers"])})


def layer_samples(store: Store, kind: BoardKind, rows: Iterable[Measurement]) -> tuple[LayerSample, ...]:
    """The timed layers of these rows; rows without a profile give none.

    Kinds and sizes are those of the kernel calls that were built from the row's model.
    """
    samples: dict[LayerSample, None] = {}
    for row in rows:
        if row.layers_sha256 is None:
            continue
        profile = LayerProfile.from_json(json.loads(store.artifacts.read(row.layers_sha256)))
        plan = plan_model(store.artifacts.path(row.model_sha256), target_of(kind.core))
        for layer, timed in zip(plan.layers, profile.layers, strict=True):
            samples[LayerSample(_kind_of(layer), layer.macs, layer.output.size, timed.cycles)] = None
    return tuple(samples)


def _kind_of(layer: Layer) -> str:
    operator = layer.name.split("_", 1)[1]
    if operator == "conv_2d":
        # A window of one place does as many products for an output as there are input channels.
        single = layer.macs == layer.output.size * layer.inputs[0].shape[-1]
        return "pointwise" if single else "conv"
    return _KINDS.get(operator, "other")
