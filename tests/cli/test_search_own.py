"""`harness search` on a model that no task knows."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from harness import load_results
from harness.cli.main import cli
from harness.tasks.framework import load_keras, seeded


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(
        cli, ["search", "--board", "virtual:nrf51-dk", "--study", "s", *map(str, arguments)]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give --task, or a model of your own with --model, --train and --test together"),
        (("--model", "m.keras", "--train", "t.npz"), "with --model, --train and --test together"),
        (("--task", "digits", "--model", "m.keras"), "not both"),
        (("--task", "digits", "--spec", "t.toml"), "not both"),
        (("--task", "digits", "--fold", 1), "no folds; leave --fold out"),
        (("--model", "m", "--train", "t", "--test", "u", "--fold", 1), "--fold is for tasks"),
        (("--model", "m", "--train", "none.npz", "--test", "u"), "none.npz is missing"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: tuple[Any, ...], message: str, tmp_path: Path
) -> None:
    result = run(*arguments, "--results-dir", tmp_path)
    assert result.exit_code == 2
    assert message in result.output and result.output.count("\n") == 1


@pytest.mark.slow
def test_a_residual_model_of_ones_own_is_cut_trained_and_measured(tmp_path: Path) -> None:
    layers = load_keras().layers
    with seeded(0):
        inputs = layers.Input((6, 6, 1))
        x = layers.Conv2D(4, 3, padding="same", activation="relu")(inputs)
        inner = layers.Conv2D(4, 3, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, inner]))
        x = layers.Dense(2)(layers.GlobalAveragePooling2D()(x))  # logits
        model = load_keras().Model(inputs, x, name="mine")
    model.save(tmp_path / "my.keras")
    generator = np.random.default_rng(0)
    for part, count in (("train", 200), ("test", 40)):
        y = np.arange(count) % 2
        x = generator.integers(0, 100, (count, 6, 6, 1)) + 100 * y[:, None, None, None]
        np.savez(tmp_path / f"{part}.npz", x=x.astype(np.uint8), y=y)
    (tmp_path / "task.toml").write_text(f'classes = ["dark", "bright"]\nscale = {1 / 255}\n')
    files = (
        "--model",
        tmp_path / "my.keras",
        "--train",
        tmp_path / "train.npz",
        "--test",
        tmp_path / "test.npz",
    )
    spec = (
        "--spec",
        tmp_path / "task.toml",
        "--results-dir",
        tmp_path,
        "--heads",
        "gap,none",
        "--exhaustive",
    )
    result = run(*files, *spec)
    assert result.exit_code == 0, result.output
    rows = load_results("s", results_dir=tmp_path).set_index("candidate")
    assert set(rows.index) == {"unpruned", "unpruned-trained", "conv1-gap", "block1-gap"}
    # The model comes untrained: the control learns what it can.
    assert rows.accuracy["unpruned-trained"] > 0.9 > rows.accuracy["unpruned"]
    assert rows.latency_us["conv1-gap"] < rows.latency_us["block1-gap"]
