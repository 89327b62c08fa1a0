"""Bad input ends in one sentence and exit code 2, never in a traceback."""

import os

import pytest
from click.testing import CliRunner

from harness.cli.main import cli

MODEL = "model.tflite"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_RESULTS_DIR", str(tmp_path / "results"))
    monkeypatch.setenv("HARNESS_BENCH_FILE", str(tmp_path / "bench.toml"))
    (tmp_path / MODEL).write_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(20))

    def invoke(*arguments):
        return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)

    return invoke


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bench", "none.tflite", "--board", "virtual:nrf51-dk"], "no model file none.tflite"),
        (["bench", MODEL, "--board", "virtual:nrf51"], "did you mean"),
        (["bench", MODEL, "--board", "desk"], "desk"),
        (["bench", MODEL, "--board", "virtual:nrf51-dk", "--task", "kws"], "--data-dir"),
        (["bench", MODEL, "--board", "virtual:nrf51-dk", "--task", "digit"], "did you mean 'digits'"),
        (["bench", MODEL, "--board", "virtual:nrf51-dk", "--outputs", "o.csv"], "--outputs needs --task"),
        (["bench", MODEL, "--board", "virtual:nrf51-dk", "--task", "digits", "--samples", "0"], "--samples"),
        (["build", MODEL, "--board", "nrf51-dk"], "damaged TFLite model"),
        (["build", MODEL, "--board", "nrf51-dk", "--out", "model.tflite/x"], "model.tflite"),
        (["search", "--task", "digits", "--board", "virtual:nrf51-dk", "--study", "a b"], "study name"),
        (["search", "--task", "digits", "--board", "virtual:x", "--study", "s"], "unknown board"),
        (
            ["search", "--task", "digits", "--board", "virtual:nrf51-dk", "--study", "s", "--head", "big"],
            "unknown head 'big'",
        ),
        (
            [
                "search",
                "--task",
                "digits",
                "--board",
                "virtual:nrf51-dk",
                "--study",
                "s",
                "--max-ram-kb",
                "-1",
            ],
            "--max-ram-kb",
        ),
        (["report", "none"], "no results in"),
        (["export", "none", "--csv", "x.csv"], "no results in"),
        (["nightly", "run", "none.toml"], "cannot read the plan none.toml"),
    ],
)
def test_one_sentence_and_exit_code_2(run, arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert "Traceback" not in result.output
    assert len(result.output.strip().splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission_in_results(run, tmp_path):
    (tmp_path / "results").mkdir(mode=0o500)
    result = run("bench", MODEL, "--board", "virtual:nrf51-dk")
    assert result.exit_code == 2
    assert "no permission to write" in result.output


def test_results_is_a_file(run, tmp_path):
    (tmp_path / "results").write_text("not a folder")
    result = run("bench", MODEL, "--board", "virtual:nrf51-dk")
    assert result.exit_code == 2
    assert "cannot make the folder" in result.output
    assert "Traceback" not in result.output


def test_help_of_every_verb_shows_an_example(run):
    for verb in ("bench", "build", "search", "report", "export"):
        result = run(verb, "--help")
        assert result.exit_code == 0
        assert "Example" in result.output
