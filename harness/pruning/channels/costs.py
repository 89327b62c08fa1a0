"""What a layer's time depends on, fitted to layers that were measured on the board."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

KINDS = ("conv", "pointwise", "depthwise", "dense", "add", "pool", "other")
"""Kinds of layers whose times follow different lines."""

# Cycles for a MAC, for an output value and for a layer, where a kind was never measured. They only rank layers.
_UNMEASURED = (1.5, 8.0, 200.0)


@dataclass(frozen=True)
class LayerSample:
    """One measured layer.

    Attributes:
        kind: One of `KINDS`.
        macs: Multiply-accumulates.
        outputs: Values it gives.
        cycles: Core clock cycles it took.
    """

    kind: str
    macs: int
    outputs: int
    cycles: int


@dataclass(frozen=True)
class LayerTimes:
    """Cycles of a layer: `per_mac * macs + per_output * outputs + per_layer`, for each kind.

    Attributes:
        lines: Kind -> the three factors, none below 0.
        error: Root mean square of (fitted - measured) / measured over the samples; NaN without samples.
    """

    lines: dict[str, tuple[float, float, float]]
    error: float

    def line(self, kind: str) -> tuple[float, float, float]:
        """The factors for `kind`."""
        return self.lines.get(kind, _UNMEASURED)


def fit_layer_times(samples: Sequence[LayerSample]) -> LayerTimes:
    """Fit one line for each kind by least squares on relative errors, factors not below 0.

    Args:
        samples: Layers measured on one board, of as many shapes as there are.
    """
    from sklearn.linear_model import LinearRegression

    lines: dict[str, tuple[float, float, float]] = {}
    errors: list[float] = []
    for kind in KINDS:
        of_kind = [sample for sample in samples if sample.kind == kind and sample.cycles > 0]
        if not of_kind:
            continue
        table = np.array([[s.macs, s.outputs, 1.0] for s in of_kind], dtype=np.float64)
        cycles = np.array([s.cycles for s in of_kind], dtype=np.float64)
        # Each row divided by its cycles: a small layer counts as much as a large one. Columns are brought to
        # one size first, since the solver stops at an absolute tolerance.
        size = table.max(axis=0) + 1.0
        fit = LinearRegression(positive=True, fit_intercept=False)
        fit.fit(table / size / cycles[:, None] * cycles.mean(), np.full(len(cycles), cycles.mean()))
        factors = fit.coef_ / size
        lines[kind] = (float(factors[0]), float(factors[1]), float(factors[2]))
        errors.extend((table @ factors - cycles) / cycles)
    return LayerTimes(lines, float(np.sqrt(np.mean(np.square(errors)))) if errors else float("nan"))
