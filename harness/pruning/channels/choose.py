"""Which channels stay: whole steps of them, chosen where gates are open and by what a step is worth to the network."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from harness.errors import SearchError
from harness.pruning.channels.gates import GatedModel
from harness.pruning.channels.groups import ChannelGraph, Kept
from harness.pruning.channels.resources import Budget, Resources
from harness.tasks.arrays import FloatArray, LabelArray
from harness.tasks.framework import load_keras, load_tensorflow
from harness.tasks.lesson import Lesson

CHANNEL_STEP = 4
"""Channels are kept in multiples of this: the kernels work on whole words of four int8 values."""

# Enough to rank steps by, few enough for some hundred answers of a network to take seconds.
_JUDGED_SAMPLES = 320


def check_budget(graph: ChannelGraph, resources: Resources, budget: Budget) -> None:
    """See that some of the network fits, before anything is trained.

    Raises:
        SearchError: Even one step of channels in every group costs more than the budget.
    """
    fewest = {group: float(min(CHANNEL_STEP, graph.sizes[group])) for group in graph.prunable}
    if any(float(share) > 0 for share in resources.over(budget, fewest).values()):
        raise SearchError(
            "the budget is below what is left with the fewest channels in every layer; allow more, or cut deeper"
        )


def judge(
    gated: GatedModel, train: tuple[FloatArray, LabelArray], lesson: Lesson, seed: int
) -> Callable[[Kept], float]:
    """What tells the lesson's loss in nats with the gates of all channels but those that stay shut.

    Args:
        gated: The network with gates.
        train: Inputs float32 `[n, ...]` and classes int64 `[n]`; some of them are asked for.
        lesson: How the gated network is trained, prepared from `gated.model`.
        seed: Of which samples are asked for.
    """
    tf = load_tensorflow()
    loss_of = load_keras().losses.get(lesson.loss)
    asked = np.random.default_rng(seed).permutation(len(train[0]))[:_JUDGED_SAMPLES]
    x, y = tf.constant(train[0][asked]), tf.constant(train[1][asked])

    @tf.function  # type: ignore[untyped-decorator]
    def loss() -> object:
        return tf.reduce_mean(loss_of(y, lesson.model(x, training=False)))

    def judged(kept: Kept) -> float:
        with gated.only(kept):
            return float(loss())

    return judged


def choose_channels(
    gated: GatedModel, resources: Resources, budget: Budget, loss: Callable[[Kept], float]
) -> dict[int, npt.NDArray[np.int64]]:
    """Channels with open gates, in whole steps, as many as the budget has room for.

    Within a group the weakest gates go first. While a limit is exceeded the group gives up a step for which the loss
    rises least for each share of the budget saved; where there is room the strongest closed step that still fits
    comes back.

    Args:
        gated: The network with gates.
        resources: Its costs.
        budget: What it may cost; `check_budget` has let it through.
        loss: In nats, of the network with only some of its channels.
    """
    strengths = {group: np.asarray(value) for group, value in gated.strengths.items()}
    ranked = {group: np.argsort(-value, kind="stable") for group, value in strengths.items()}
    counts = {
        group: _more(max(int((value > 0).sum()), 1) - 1, len(value)) for group, value in strengths.items()
    }

    def kept(counts: Mapping[int, int]) -> dict[int, npt.NDArray[np.int64]]:
        return {group: np.sort(ranked[group][:count]) for group, count in counts.items()}

    def exceeded(counts: Mapping[int, int]) -> float:
        """Sum of the shares by which limits are exceeded."""
        over = resources.over(budget, {group: float(count) for group, count in counts.items()})
        return sum(max(float(share), 0.0) for share in over.values())

    while (over := exceeded(counts)) > 0:
        smaller = [counts | {group: _fewer(count)} for group, count in counts.items() if _fewer(count) > 0]
        now = loss(kept(counts))
        ranks = [_rank(loss(kept(fewer)) - now, over - exceeded(fewer)) for fewer in smaller]
        counts = smaller[ranks.index(min(ranks))]

    def strength(group: int) -> float:
        step = ranked[group][counts[group] : _more(counts[group], len(ranked[group]))]
        return float(strengths[group][step].mean())

    closed = {group for group in counts if counts[group] < len(ranked[group])}
    while closed:
        best = max(closed, key=strength)
        wider = counts | {best: _more(counts[best], len(ranked[best]))}
        if exceeded(wider) > 0:
            closed.discard(best)
            continue
        counts = wider
        if counts[best] == len(ranked[best]):
            closed.discard(best)
    return kept(counts)


def _rank(rise: float, saved: float) -> tuple[bool, float]:
    """Least for the step to give up: those that save nothing of what is exceeded come last."""
    return (False, rise / saved) if saved > 0 else (True, rise)


def _fewer(count: int) -> int:
    """One step less, or what is beyond whole steps."""
    return (count - 1) // CHANNEL_STEP * CHANNEL_STEP


def _more(count: int, size: int) -> int:
    return min((count // CHANNEL_STEP + 1) * CHANNEL_STEP, size)
