"""The page on tasks lists what the code has."""

import re

from harness.pruning import CONTROL, HEADS, RECIPES
from harness.tasks import TASK_NAMES
from tests.docs.blocks import DOCS

TEXT = (DOCS / "tasks.md").read_text()


def _first_cells(heading: str) -> list[str]:
    section = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0].split("\n### ", 1)[0]
    return re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE)


def test_every_task_head_and_recipe_is_listed() -> None:
    assert _first_cells("Tasks") == list(TASK_NAMES)
    assert _first_cells("Heads") == [*HEADS, CONTROL]
    assert sorted(_first_cells("Training")) == sorted(RECIPES)


def test_recipes_are_described_with_their_numbers() -> None:
    for name, recipe in RECIPES.items():
        assert f"| `{name}` | {recipe.epochs} | {recipe.batch_size} |" in TEXT


def test_the_example_spec_is_accepted(tmp_path) -> None:
    import numpy as np

    from harness.tasks import own_task

    spec = TEXT.split("```toml\n", 1)[1].split("```", 1)[0]
    (tmp_path / "task.toml").write_text(spec)
    for part in ("train", "test"):
        np.savez(tmp_path / f"{part}.npz", x=np.zeros((40, 4, 4, 1)), y=np.arange(40) % 2)
    task = own_task(tmp_path / "m", tmp_path / "train.npz", tmp_path / "test.npz", tmp_path / "task.toml")
    assert task.class_names == ("good", "bad") and task.augmentation is not None


def test_the_listed_cuts_are_those_of_the_network() -> None:
    from harness.pruning import overview
    from harness.tasks.resnet import build_resnet8

    for row in overview(build_resnet8(10), ("adapted",)):
        (line,) = re.findall(rf"^{row.candidate} .*$", TEXT, re.MULTILINE)
        assert f"{row.params:,}" in line and f"{row.macs:,}" in line
        assert f"{row.peak_ram_bytes / 1024:.1f} KB" in line
