"""Options of `harness search` that cannot be used are refused in a sentence, before anything starts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.errors import InputError
from harness.search import Limits, StudySpec
from harness.search.budgets import ChannelBudget
from harness.tasks import load_task


def run(tmp_path: Path, *arguments: str) -> Any:
    fixed = (
        "--task",
        "digits",
        "--board",
        "virtual:nrf51-dk",
        "--study",
        "s",
        "--results-dir",
        str(tmp_path),
    )
    return CliRunner().invoke(cli, ["search", *fixed, *arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tails", "warm"), "unknown tail 'warm'; known tails: frozen, unfrozen"),
        (("--seeds", "1,x"), "'1,x' is not a list of whole numbers"),
        (("--widths", ","), "--widths needs at least one value"),
        (("--objective", "speed"), "'speed'"),
        (("--samples", "0"), "--samples must be at least 1"),
        (("--channels", "-1"), "--channels is a number of trials from 0, not -1"),
        (
            ("--channel-budgets", "c96"),
            "--channel-budgets c96: give c and the share of cycles from 30 to 95 percent",
        ),
        (("--channel-budgets", "c60-f39"), "that of flash from 40 to 100 percent"),
        (("--channel-budgets", "0.6"), "where it is limited: c55-f90"),
        (("--sparse", "1"), "--sparse is a share between 0 and 1, not 1"),
        (("--max-energy-uj", "-1"), "--max-energy-uj must be a number from 0"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    result = run(tmp_path, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert not (tmp_path / "harness.sqlite").exists()


def test_what_is_no_picture_is_not_blended() -> None:
    sound = replace(load_task("digits"), name="sound", input_shape=(400,))
    with pytest.raises(InputError, match=r"blends inputs of height, width and channels.*\(400,\)"):
        StudySpec("s", sound, {"virtual:nrf51-dk": "nrf51-dk"}, Limits(), recipe="taught")


def test_budgets_have_the_names_of_tables() -> None:
    assert ChannelBudget.parse("c80") == ChannelBudget(80, 100)
    for name in ("c55-f90", "c30-f40", "c95"):
        assert str(ChannelBudget.parse(f"channels-{name}")) == name
