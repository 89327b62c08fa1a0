"""`harness shrink` as typed."""

import json

import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from tests.firmware import models
from tests.firmware.test_shrink import sparse_network


@pytest.fixture(scope="module")
def sparse_model(tmp_path_factory):
    return models.write(sparse_network(), tmp_path_factory.mktemp("sparse") / "sparse.tflite")


def test_table_proof_and_json(sparse_model, tmp_path):
    out = tmp_path / "small.tflite"
    result = CliRunner().invoke(cli, ["shrink", str(sparse_model), "-o", str(out), "--random", "4"])
    assert result.exit_code == 0
    assert "conv_2d" in result.output and "whole file" in result.output
    assert "both models gave the same outputs on 4 samples" in result.output
    figures = json.loads(
        CliRunner().invoke(cli, ["shrink", str(sparse_model), "-o", str(out), "--json", "-"]).stdout
    )
    assert figures["macs_after"] < figures["macs_before"]
    assert figures["file_bytes_after"] == out.stat().st_size
    assert figures["compared"] == 32
    assert any(layer["channels_after"] < layer["channels_before"] for layer in figures["layers"])


def test_without_comparison_it_says_so(sparse_model, tmp_path):
    out = tmp_path / "small.tflite"
    result = CliRunner().invoke(cli, ["shrink", str(sparse_model), "-o", str(out), "--random", "0"])
    assert result.exit_code == 0 and "the two models were not compared" in result.output


def test_nothing_to_take_out_says_so(sparse_model, tmp_path):
    once, twice = tmp_path / "once.tflite", tmp_path / "twice.tflite"
    CliRunner().invoke(cli, ["shrink", str(sparse_model), "-o", str(once)])
    result = CliRunner().invoke(cli, ["shrink", str(once), "-o", str(twice)])
    assert result.exit_code == 0 and "nothing to take out of" in result.output
    assert once.read_bytes() == twice.read_bytes()


def test_bad_input_is_one_line(sparse_model, tmp_path):
    for arguments in (["none.tflite", "-o", "x"], [str(sparse_model), "-o", str(tmp_path / "no" / "x")]):
        result = CliRunner().invoke(cli, ["shrink", *arguments])
        assert result.exit_code == 2
        assert result.output.startswith("Error: cannot ") and result.output.count("\n") == 1
