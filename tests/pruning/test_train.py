"""Training: what it changes, what it leaves alone, and that it repeats."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.pruning import (
    CONTROL,
    Candidate,
    FeatureCache,
    features,
    most_epochs,
    train_candidate,
)
from harness.pruning.statistics import keep_statistics
from harness.tasks import Split, Splits, Task
from harness.tasks.augment import Augmentation, change
from harness.tasks.fit import Epoch, accuracy, fit
from harness.tasks.framework import load_keras, seeded
from harness.tasks.model_file import model_fingerprint
from harness.tasks.recipe import Recipe

pytestmark = pytest.mark.slow

RECIPE = Recipe("test", epochs=6, batch_size=20, learning_rates=((0, 1e-2), (4, 1e-3)))


def tail_changed(model: Any, reference: Any) -> bool:
    return any(
        not np.array_equal(mine, theirs)
        for layer in model.layers
        if not layer.name.startswith("head_")
        for mine, theirs in zip(
            layer.get_weights(), reference.get_layer(layer.name).get_weights(), strict=True
        )
    )


@pytest.mark.parametrize("frozen", [True, False])
def test_training_learns_and_leaves_the_reference_alone(
    small_reference: Any, bars: Task, frozen: bool
) -> None:
    before = model_fingerprint(small_reference)
    epochs: list[Epoch] = []
    trained = train_candidate(
        small_reference, Candidate("block1", "aux", frozen=frozen), bars, RECIPE, on_epoch=epochs.append
    )
    assert model_fingerprint(small_reference) == before
    assert tail_changed(trained.model, small_reference) is not frozen
    assert trained.history == tuple(epochs)
    assert [epoch.number for epoch in epochs] == list(range(1, 7 if frozen else 13))
    assert trained.val_accuracy == max(epoch.val_accuracy for epoch in epochs)
    # The network handed back is the best epoch's, head and kept part together.
    assert accuracy(trained.model, bars.validation.x, bars.validation.y) == pytest.approx(
        trained.val_accuracy
    )
    assert accuracy(trained.model, bars.test.x, bars.test.y) > 0.9
    assert trained.seconds > 0


def test_best_epoch_wins_over_the_last(small_reference: Any, bars: Task) -> None:
    # Trained on swapped labels, the head gets worse on the validation split with every epoch.
    train = bars.train
    swapped = Splits(Split(train.names, train.x, 1 - train.y), bars.validation, bars.test)
    task = replace(bars, read_splits=lambda: swapped)
    recipe = Recipe("slow", epochs=5, batch_size=20, learning_rates=((0, 1e-3),))
    trained = train_candidate(small_reference, Candidate("block2", "dense"), task, recipe)
    assert trained.history[-1].val_accuracy < trained.val_accuracy
    assert accuracy(trained.model, bars.validation.x, bars.validation.y) == pytest.approx(
        trained.val_accuracy
    )


def test_what_learns_from_answers_alone_is_best_where_it_is_nearest_to_them(
    small_reference: Any, bars: Task
) -> None:
    # The classes of this validation split are wrong: the most like the teacher is the least accurate.
    validation = bars.validation
    wrong = Splits(bars.train, Split(validation.names, validation.x, 1 - validation.y), bars.test)
    task = replace(bars, read_splits=lambda: wrong)
    recipe = Recipe("slow", 8, 20, ((0, 1e-4),), distillation=1.0)
    trained = train_candidate(small_reference, Candidate("block2", "dense"), task, recipe)
    best = min(trained.history, key=lambda epoch: epoch.val_loss)
    assert trained.val_accuracy == best.val_accuracy < max(epoch.val_accuracy for epoch in trained.history)


def test_a_network_that_only_gets_worse_stays_as_it_was(small_reference: Any, bars: Task) -> None:
    with seeded(0):
        model = load_keras().models.clone_model(small_reference)
    model.set_weights(small_reference.get_weights())
    wild = Recipe("wild", 2, 20, ((0, 1e3),))
    train, validation = (bars.train.x, bars.train.y), (bars.validation.x, bars.validation.y)
    found = fit(model, train, validation, wild, 0, from_start=True)
    assert found.best.number == 0 and [epoch.number for epoch in found.history] == [1, 2]
    assert found.best.val_accuracy == accuracy(model, *validation) > found.history[-1].val_accuracy
    assert model_fingerprint(model) == model_fingerprint(small_reference)


def test_the_average_of_the_steps_is_kept(small_reference: Any, bars: Task) -> None:
    train, validation = (bars.train.x, bars.train.y), (bars.validation.x, bars.validation.y)

    def fitted(epochs: int, averaging: float) -> list[Any]:
        model = load_keras().models.clone_model(small_reference)
        weights = [0.9 * weight for weight in small_reference.get_weights()]
        model.set_weights(weights)
        keep_statistics(model.layers)
        recipe = Recipe("one step an epoch", epochs, len(bars.train.x), ((0, 1e-4),), averaging=averaging)
        assert fit(model, train, validation, recipe, 0).best.number == epochs
        return list(model.get_weights())

    for first, second, average in zip(fitted(1, 0.0), fitted(2, 0.0), fitted(2, 0.75), strict=True):
        np.testing.assert_allclose(average, 0.75 * first + 0.25 * second, rtol=1e-4, atol=1e-7)
    assert any(np.any(first != second) for first, second in zip(fitted(1, 0.0), fitted(2, 0.0), strict=True))


@pytest.mark.parametrize("cut", ["block1", None])
def test_the_kept_part_is_trained_but_for_its_statistics(
    small_reference: Any, bars: Task, cut: str | None
) -> None:
    head = "aux" if cut else CONTROL
    recipe = replace(RECIPE, unfrozen_rate=0.2)
    model = train_candidate(small_reference, Candidate(cut, head, frozen=False), bars, recipe).model
    norms = [layer for layer in model.layers if isinstance(layer, load_keras().layers.BatchNormalization)]
    kept = [layer for layer in norms if not layer.name.startswith("head_")]
    assert kept and all(layer.trainable for layer in norms)
    for layer in kept:
        before = small_reference.get_layer(layer.name)
        for name in ("moving_mean", "moving_variance"):
            np.testing.assert_array_equal(getattr(before, name), getattr(layer, name))
        for name in ("gamma", "beta"):
            assert np.any(np.asarray(getattr(before, name)) != np.asarray(getattr(layer, name)))
    for layer in norms:
        assert layer in kept or np.any(np.asarray(layer.moving_mean) != 0)
    first = next(layer.name for layer in model.layers if layer.weights)
    assert np.any(
        model.get_layer(first).get_weights()[0] != small_reference.get_layer(first).get_weights()[0]
    )


def test_same_seed_same_weights_and_cache_changes_nothing(small_reference: Any, bars: Task) -> None:
    recipe, cache = replace(RECIPE, epochs=1), FeatureCache()
    cache.maps(small_reference, "block2", bars, RECIPE)
    candidate = Candidate("conv1", "aux")
    prints = [
        model_fingerprint(train_candidate(small_reference, other, bars, recipe, features=kept).model)
        for other, kept in ((candidate, None), (candidate, cache), (replace(candidate, seed=1), cache))
    ]
    assert prints[0] == prints[1] != prints[2]


def test_heads_of_one_cut_share_the_feature_maps(
    small_reference: Any, bars: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []

    def predict(model: Any, x: Any) -> Any:
        computed.append(len(x))
        return np.zeros((len(x), 1))

    monkeypatch.setattr(features, "predict", predict)
    cache = FeatureCache()
    for cut in ("conv1", "conv1", "block1", "conv1"):
        cache.maps(small_reference, cut, bars, RECIPE)
    assert computed == [200, 60] * 3


def test_unpruned_is_not_trained_again(small_reference: Any, bars: Task) -> None:
    trained = train_candidate(small_reference, Candidate(None, None), bars, RECIPE)
    assert trained.history == ()
    assert model_fingerprint(trained.model) == model_fingerprint(small_reference)
    assert trained.val_accuracy == accuracy(small_reference, bars.validation.x, bars.validation.y)


def test_an_error_in_the_callback_stops_the_training(small_reference: Any, bars: Task) -> None:
    def stop(epoch: Epoch) -> None:
        raise KeyboardInterrupt(epoch.number)

    with pytest.raises(KeyboardInterrupt, match="1"):
        train_candidate(small_reference, Candidate("conv1", "dense"), bars, RECIPE, on_epoch=stop)


def test_unfrozen_starts_from_the_frozen_head(small_reference: Any, bars: Task) -> None:
    candidate = Candidate("block1", "adapted", frozen=False)
    frozen = train_candidate(small_reference, replace(candidate, frozen=True), bars, RECIPE)
    still = replace(RECIPE, unfrozen_rate=1e-9)
    started = train_candidate(small_reference, candidate, bars, still)
    assert len(started.history) == most_epochs(candidate, still) == 12
    assert [epoch.number for epoch in started.history] == list(range(1, 13))
    # At a rate of nothing the weights stay where the frozen head's training left them.
    for mine, theirs in zip(started.model.layers, frozen.model.layers, strict=True):
        for weight, other in zip(mine.trainable_weights, theirs.trainable_weights, strict=True):
            np.testing.assert_allclose(np.asarray(weight), np.asarray(other), atol=1e-5)


def test_control_trains_the_whole_network_as_long(small_reference: Any, bars: Task) -> None:
    control = train_candidate(small_reference, Candidate(None, "none"), bars, RECIPE)
    assert len(control.history) == RECIPE.epochs
    assert tail_changed(control.model, small_reference)
    assert control.model.output_shape == small_reference.output_shape


def test_maps_too_large_to_keep_are_computed_anew_to_the_same_end(
    small_reference: Any, bars: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate, seen = Candidate("block1", "dense"), []
    kept = train_candidate(small_reference, candidate, bars, RECIPE)
    monkeypatch.setattr(features, "MOST_BYTES", 0)
    monkeypatch.setattr(features, "predict", lambda *_: seen.append(1))
    anew = train_candidate(small_reference, candidate, bars, RECIPE)
    assert not seen and not tail_changed(anew.model, small_reference)
    assert all(layer.trainable for layer in anew.model.layers)
    assert anew.val_accuracy == pytest.approx(kept.val_accuracy, abs=0.1)


def test_patience_stops_early(small_reference: Any, bars: Task) -> None:
    train = bars.train
    swapped = Splits(Split(train.names, train.x, 1 - train.y), bars.validation, bars.test)
    task = replace(bars, read_splits=lambda: swapped)
    recipe = Recipe("slow", 9, 20, ((0, 1e-2),), patience=2)
    trained = train_candidate(small_reference, Candidate("block2", "dense"), task, recipe)
    best = max(trained.history, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))
    assert len(trained.history) == best.number + 2 < 9


def test_augmented_copies_are_changed_pictures_of_the_same_classes(small_reference: Any, bars: Task) -> None:
    task = replace(bars, augmentation=Augmentation(shift=0.2))
    maps = FeatureCache().maps(small_reference, "conv1", task, replace(RECIPE, augmented_copies=2))
    parts = np.split(maps.train, 3)
    assert len(maps.train) == len(maps.train_y) == 600
    np.testing.assert_array_equal(maps.train_y[:200], maps.train_y[400:])
    np.testing.assert_array_equal(parts[0], FeatureCache().maps(small_reference, "conv1", bars, RECIPE).train)
    assert not np.array_equal(parts[0], parts[1]) and not np.array_equal(parts[1], parts[2])


def test_training_with_augmentation_repeats_and_differs_from_training_without(
    small_reference: Any, bars: Task
) -> None:
    task = replace(bars, augmentation=Augmentation(rotation_deg=5, shift=0.1, zoom=0.1, flip=True))
    recipe = replace(RECIPE, epochs=1, augmented_copies=1)
    prints = [
        model_fingerprint(train_candidate(small_reference, Candidate(None, "none"), other, recipe).model)
        for other in (task, task, bars)
    ]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize("blending", [0.0, 1.0])
@pytest.mark.parametrize("frozen", [True, False])
def test_a_distilled_head_follows_its_teacher(
    small_reference: Any, bars: Task, frozen: bool, blending: float
) -> None:
    # All labels wrong, and nothing but the teacher counts.
    train, validation = bars.train, bars.validation
    wrong = Splits(
        Split(train.names, train.x, 1 - train.y),
        Split(validation.names, validation.x, validation.y),
        bars.test,
    )
    task = replace(bars, read_splits=lambda: wrong)
    recipe = replace(RECIPE, distillation=1.0, blending=blending, augmented_copies=1)
    trained = train_candidate(small_reference, Candidate("block1", "aux", frozen=frozen), task, recipe)
    assert accuracy(trained.model, bars.test.x, bars.test.y) > 0.9


def test_a_teacher_is_asked_about_what_the_network_sees(bars: Task) -> None:
    # Its own copy answers as it does, however inputs are changed: there is nothing to learn.
    keras = load_keras()
    with seeded(0):
        model = keras.Sequential(
            [
                keras.Input(bars.input_shape),
                keras.layers.Flatten(),
                keras.layers.Dense(2, activation="softmax"),
            ]
        )
    recipe = Recipe("still", 1, 20, ((0, 0.0),), augmented_copies=1, distillation=1.0, blending=1.0)
    train, validation = (bars.train.x, bars.train.y), (bars.validation.x, bars.validation.y)
    changes = Augmentation(shift=0.9)
    same = fit(model, train, validation, recipe, 0, teacher=model, augmentation=changes)
    assert same.best.loss == pytest.approx(0, abs=1e-5)
    assert model.trainable
    with seeded(1):
        other = keras.models.clone_model(model)
    apart = fit(model, train, validation, recipe, 0, teacher=other, augmentation=changes)
    assert apart.best.loss > 0.01


def test_a_head_is_trained_briefly_before_the_whole(small_reference: Any, bars: Task) -> None:
    recipe = replace(RECIPE, epochs=3, head_epochs=1)
    candidate = Candidate("block1", "dense", frozen=False)
    assert len(train_candidate(small_reference, candidate, bars, recipe).history) == 4
    assert most_epochs(candidate, recipe) == 4
    assert most_epochs(replace(candidate, frozen=True), recipe) == 3


def test_sounds_are_shifted_in_time_alone() -> None:
    spectrum = np.tile(np.arange(10.0, dtype=np.float32), (8, 40, 1))[..., None]
    spectrum[:, 20] += 100
    moved = change(spectrum, Augmentation(time_shift=0.2).layers(0), seed=1)
    rows = moved[..., 0].max(axis=2).argmax(axis=1)
    assert len(set(rows)) > 1 and rows.min() >= 12 and rows.max() <= 28
    assert all((np.diff(picture[0, :, 0]) > 0).all() for picture in moved)
