"""Trains gates and weights together until the network fits a budget, then settles the gates."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from harness.pruning.channels.gates import GatedModel
from harness.pruning.channels.groups import Kept
from harness.pruning.channels.resources import Budget, Resources
from harness.tasks.arrays import FloatArray, LabelArray
from harness.tasks.framework import load_keras, load_tensorflow, seeded
from harness.tasks.lesson import Lesson
from harness.tasks.optimizer import adam


@dataclass(frozen=True)
class Annealing:
    """How gates are trained: counted in steps, so that few samples make them decide no less than many.

    Attributes:
        steps: Least steps; the pass over the training data in which they are reached is finished.
        settling: Least steps in which the gates then go to exactly 0 or 1, counted likewise.
        batch_size: Samples a step.
        rate: Of Adam for the weights.
        gate_rate: Of Adam for the gates' strengths.
        steepness: Of the gates in the first and in the last step; it grows geometrically between.
        price: By how much each limit's price in the loss grows in a step, for each share that it is exceeded
            by; it falls where there is room.
    """

    steps: int = 500
    settling: int = 250
    batch_size: int = 64
    rate: float = 2e-4
    gate_rate: float = 0.03
    steepness: tuple[float, float] = (3.0, 30.0)
    price: float = 0.025

    def epochs(self, samples: int) -> tuple[int, int]:
        """Passes over so many training samples: while gates are trained, and while they settle."""
        batches = ceil(samples / self.batch_size)
        return ceil(self.steps / batches), ceil(self.settling / batches)


@dataclass(frozen=True)
class AnnealedEpoch:
    """What an epoch ended with.

    Attributes:
        number: From 1.
        loss: Mean of the recipe's loss in nats, gates in place.
        over: Limit -> share by which it is exceeded (below 0 where there is room), gates as they are.
    """

    number: int
    loss: float
    over: dict[str, float]


def anneal(
    gated: GatedModel,
    resources: Resources,
    budget: Budget,
    train: tuple[FloatArray, LabelArray],
    lesson: Lesson,
    settings: Annealing,
    seed: int,
    on_epoch: Callable[[AnnealedEpoch], None] = lambda epoch: None,
) -> None:
    """Train `gated` in place: the lesson's loss, plus each limit's price times the share by which it is exceeded.

    The task pulls gates open where a channel matters, the prices pull them shut where it costs; the growing
    steepness makes them decide. Prices rise while a limit is exceeded (dual ascent), so that what is left in the
    end fits.

    Args:
        gated: The network with gates.
        resources: Its costs.
        budget: What it may cost.
        train: Inputs float32 `[n, ...]` and classes int64 `[n]`.
        lesson: How the gated network is trained, prepared from `gated.model`.
        settings: How to train.
        seed: Of all that is random.
        on_epoch: Called after each epoch; what it raises ends the training and propagates.
    """
    keras, tf = load_keras(), load_tensorflow()
    x, _ = train
    strengths = list(gated.strengths.values())
    loss_of = keras.losses.get(lesson.loss)
    weight_steps, gate_steps = adam(gated.weights, settings.rate), adam(strengths, settings.gate_rate)
    names = list(resources.over(budget, gated.widths()))
    prices = tf.Variable(np.zeros(len(names), np.float32), trainable=False)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(inputs: object, labels: object) -> object:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(loss_of(labels, lesson.model(inputs, training=True)))
            over = tf.cast(tf.stack(list(resources.over(budget, gated.widths()).values())), tf.float32)
            total = loss + tf.reduce_sum(prices * tf.nn.relu(over))
        variables = [*gated.weights, *strengths]
        gradients = tape.gradient(total, variables)
        weight_steps.apply_gradients(zip(gradients[: len(gated.weights)], gated.weights, strict=True))
        gate_steps.apply_gradients(zip(gradients[len(gated.weights) :], strengths, strict=True))
        prices.assign(tf.nn.relu(prices + settings.price * over))
        return loss

    epochs, _ = settings.epochs(len(x))
    low, high = settings.steepness

    def ended(number: int, loss: float) -> None:
        over = {name: float(share) for name, share in resources.over(budget, gated.widths()).items()}
        on_epoch(AnnealedEpoch(number, loss, over))

    def steepen(done: float) -> None:
        gated.steepness.assign(low * (high / low) ** done)

    _train(step, train, settings.batch_size, epochs, seed, steepen, ended)


def settle(
    gated: GatedModel,
    kept: Kept,
    train: tuple[FloatArray, LabelArray],
    lesson: Lesson,
    settings: Annealing,
    seed: int,
    on_epoch: Callable[[int], None] = lambda number: None,
) -> None:
    """Train weights while gates go evenly from where they are to 1 for channels that are `kept` and 0 for the others.

    Args:
        gated: The network with gates.
        kept: Group -> the channels that stay.
        train: Inputs float32 `[n, ...]` and classes int64 `[n]`.
        lesson: How the gated network is trained, prepared from `gated.model`.
        settings: How to train.
        seed: Of all that is random.
        on_epoch: Called after each epoch with its number from 1; what it raises ends the training and propagates.
    """
    keras, tf = load_keras(), load_tensorflow()
    loss_of = keras.losses.get(lesson.loss)
    weight_steps = adam(gated.weights, settings.rate)
    for group, channels in kept.items():
        gated.stays[group].assign(np.isin(np.arange(gated.graph.sizes[group]), channels).astype(np.float32))

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(inputs: object, labels: object) -> object:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(loss_of(labels, lesson.model(inputs, training=True)))
        weight_steps.apply_gradients(zip(tape.gradient(loss, gated.weights), gated.weights, strict=True))
        return loss

    _, epochs = settings.epochs(len(train[0]))
    _train(
        step,
        train,
        settings.batch_size,
        epochs,
        seed,
        gated.settled.assign,
        lambda number, loss: on_epoch(number),
    )
    gated.settled.assign(1.0)


def _train(
    step: Callable[[Any, Any], Any],
    train: tuple[FloatArray, LabelArray],
    batch_size: int,
    epochs: int,
    seed: int,
    before: Callable[[float], object],
    ended: Callable[[int, float], None],
) -> None:
    """Epochs of `step`; `before` each it is told which share in [0, 1] is done, and `ended` each epoch's mean loss."""
    tf = load_tensorflow()
    x, y = train
    order = np.random.default_rng(seed)
    steps = epochs * ceil(len(x) / batch_size)
    done = 0
    with seeded(seed):
        for epoch in range(epochs):
            losses = []
            rows = order.permutation(len(x))
            for start in range(0, len(rows), batch_size):
                before(done / max(steps - 1, 1))
                batch = rows[start : start + batch_size]
                losses.append(float(step(tf.constant(x[batch]), tf.constant(y[batch]))))
                done += 1
            ended(epoch + 1, float(np.mean(losses)))
