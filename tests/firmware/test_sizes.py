"""The size report adds up, knows every file of the firmware, and tells two builds apart."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli.main import cli
from harness.config.kinds import load_kind
from harness.firmware import Image, SizeReport, build_image
from harness.firmware.image import LayerSize
from harness.firmware.size_diff import SizeChange, compare_sizes
from harness.firmware.sizes import PARTS, flash_symbols
from tests.firmware import models


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.write(models.every_operator(), tmp_path_factory.mktemp("model") / "small.tflite")


@pytest.fixture(scope="module", params=["nrf51-dk", "nrf52840-dk"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["zig", "gcc"])
def image(request: pytest.FixtureRequest, kind: str, model: Path, tmp_path_factory) -> Image:
    if request.param == "gcc" and shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    return build_image(model, load_kind(kind), tmp_path_factory.mktemp("build"), toolchain=request.param)


def test_parts_make_the_whole(image: Image) -> None:
    size = image.size
    assert tuple(size.parts) == PARTS
    assert sum(size.parts.values()) == size.flash_bytes
    assert all(part_bytes > 0 for part_bytes in size.parts.values())
    assert size.parts["weights"] == sum(layer.constants_bytes for layer in size.layers)
    assert size.arena_bytes + size.stack_bytes + size.static_bytes == size.ram_bytes
    assert [layer.name for layer in size.layers] == [name for name, _ in image.layers]


def test_a_layer_s_constants_hold_at_least_its_weights(image: Image) -> None:
    with_weights = [layer for layer in image.size.layers if "conv" in layer.name or "connected" in layer.name]
    assert with_weights
    assert all(layer.constants_bytes > 16 for layer in with_weights)


def test_only_the_compiler_s_own_functions_belong_to_no_file(image: Image) -> None:
    symbols = flash_symbols(image.elf_path)
    assert {symbol.name for symbol in symbols if symbol.part == "other" and symbol.name[:2] != "__"} == set()
    parts = {symbol.name: symbol.part for symbol in symbols}
    assert parts["main"] == "protocol"
    assert parts["run_infer"] == "protocol"
    assert parts["reset_handler"] == parts["port_init"] == parts["memcpy"] == "startup"
    assert parts["softmax_s8"] == parts["model_run"] == "kernels"


def test_report_survives_json(image: Image) -> None:
    found = Image.from_json(json.loads(json.dumps(image.to_json())), image.elf_path, image.hex_path)
    assert found == image


def test_changes_of_two_builds() -> None:
    def report(flash: int, arena: int, *layers: tuple[str, int]) -> SizeReport:
        parts = dict.fromkeys(PARTS, 10) | {"kernels": flash - 40}
        sizes = tuple(LayerSize(name, "k", size_bytes) for name, size_bytes in layers)
        return SizeReport(flash, arena + 150, 100, 60, arena, 10, flash - 10, parts, sizes)

    changes = compare_sizes(report(500, 64, ("a", 5), ("b", 7)), report(450, 80, ("a", 5), ("c", 9)))
    assert SizeChange("flash", "kernels", 460, 410) in changes
    assert SizeChange("flash", "all", 500, 450) in changes
    assert SizeChange("RAM", "arena", 64, 80) in changes
    assert SizeChange("RAM", "protocol", 50, 50) in changes
    assert [change for change in changes if change.group == "layers"] == [
        SizeChange("layers", "a", 5, 5),
        SizeChange("layers", "c", 0, 9),
        SizeChange("layers", "b", 7, 0),
    ]
    assert sum(c.change_bytes for c in changes if c.group == "flash" and c.name != "all") == -50


def test_build_prints_sizes_and_their_change(model: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")

    def build(board: str, *more: str) -> str:
        command = ["build", str(model), "--board", board, "--out", str(tmp_path / board), *more]
        done = CliRunner().invoke(cli, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert max(map(len, done.output.splitlines()[3:])) <= 60
        return done.output

    old, new = tmp_path / "old.json", tmp_path / "new.json"
    shown = build("nrf51-dk", "--json", str(old))
    sizes = json.loads(old.read_text())["size"]
    for name in (*PARTS, "arena", *(layer["name"] for layer in sizes["layers"])):
        assert name in shown
    shown = build("nrf52840-dk", "--json", str(new), "--size-diff", str(old))
    before, now = sizes["flash_bytes"], json.loads(new.read_text())["size"]["flash_bytes"]
    assert f"{now - before:+,}" in shown
    (total,) = [
        change
        for change in json.loads(new.read_text())["size_diff"]
        if (change["group"], change["name"]) == ("flash", "all")
    ]
    assert (total["old_bytes"], total["new_bytes"], total["change_bytes"]) == (before, now, now - before)
    assert "+0" in build("nrf52840-dk", "--size-diff", str(new))


@pytest.mark.parametrize("text", ["", "{}", '{"size": 3}', '{"size": {"flash_bytes": 3}}', "[1]"])
def test_file_without_sizes_is_refused(model: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "old.json").write_text(text)
    command = ["build", str(model), "--board", "nrf51-dk", "--size-diff", str(tmp_path / "old.json")]
    done = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert done.exit_code == 2
    assert "holds no sizes" in done.output and done.output.count("\n") == 1
