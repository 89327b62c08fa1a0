"""`harness cuts` on files and tasks."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.tasks.model_file import save_model
from harness.tasks.resnet import build_resnet8


def run(*arguments: Any) -> Any:
    return CliRunner().invoke(cli, ["cuts", *map(str, arguments)])


@pytest.fixture(scope="module")
def resnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cuts") / "my.keras"
    save_model(build_resnet8(10), path)
    return path


def test_json_has_every_cut_with_every_head(resnet: Path) -> None:
    result = run(resnet, "--head", "gap", "--json", "-")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    assert [row["candidate"] for row in rows] == [
        "unpruned",
        *(f"{c}-gap" for c in ("conv1", "block1", "block2", "block3")),
    ]
    assert rows[0]["macs"] == rows[0]["kept_macs"] == 12_501_632
    assert rows[1]["params"] == 512 + 16 * 10 + 10
    assert rows[3]["map_shape"] == [16, 16, 32]
    # The last cut, with the same pooling and classes as the network's own end, is the network.
    assert (rows[4]["params"], rows[4]["macs"]) == (rows[0]["params"], rows[0]["macs"])


def test_table_names_layers_and_shares(resnet: Path) -> None:
    result = run(resnet, "--head", "adapted")
    assert result.exit_code == 0
    assert (
        "block2-adapted" in result.output and "block2_relu" in result.output and "16x16x32" in result.output
    )


def test_what_cannot_be_cut_is_one_sentence_and_exit_code_2(resnet: Path, tmp_path: Path) -> None:
    for arguments, message in (
        ((), "give either a model file or --task"),
        ((resnet, "--task", "digits"), "give either a model file or --task"),
        ((tmp_path / "none.keras",), "does not exist"),
        ((resnet, "--head", "auxx"), "unknown head 'auxx'"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2
        assert message in result.output and result.output.count("\n") == 1
