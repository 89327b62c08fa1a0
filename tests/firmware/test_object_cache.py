"""Objects are compiled once for each content of all that goes into them."""

from pathlib import Path

import pytest

from harness.config.kinds import load_kind
from harness.firmware import build_image, toolchain
from harness.firmware.object_cache import get_object
from tests.firmware import models


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("HARNESS_CACHE_DIR", str(folder))
    return folder


def test_a_second_image_compiles_only_what_is_generated(
    own_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = models.write(models.every_operator(), tmp_path / "small.tflite")
    ran: list[str] = []
    run = toolchain._run

    def spy(command: list[str], compiler: str) -> str:
        if "-r" in command:
            ran.append(Path(command[-1]).name)
        return run(command, compiler)

    monkeypatch.setattr(toolchain, "_run", spy)
    first = build_image(model, load_kind("nrf51-dk"), tmp_path / "first")
    assert len(ran) > 4
    ran.clear()
    second = build_image(model, load_kind("nrf51-dk"), tmp_path / "second")
    assert ran == ["generated-small.o"]
    assert second.image_sha256 == first.image_sha256 and second.build_id == first.build_id
    ran.clear()
    # Another board of the same core: its board.h is read by protocol and port, not by the kernels.
    build_image(model, load_kind("microbit-v1"), tmp_path / "third")
    assert set(ran) == {"dut-small.o", "generated-small.o", "nordic-small.o"}


def test_every_file_that_is_read_counts(own_cache: Path, tmp_path: Path) -> None:
    source, near, far = tmp_path / "a.c", tmp_path / "near.h", tmp_path / "far" / "deep.h"
    far.parent.mkdir()
    source.write_text('#include "near.h"\nint a;\n')
    near.write_text('#ifdef NEVER\n#  include "deep.h"\n#endif\n')
    far.write_text("int deep;\n")
    made: list[Path] = []

    def compile_to(target: Path) -> None:
        made.append(target)
        target.write_bytes(b"object %d" % len(made))

    def ask(*command: str) -> bytes:
        target = tmp_path / "out.o"
        get_object(command or ("cc",), [source], [far.parent], target, compile_to)
        return target.read_bytes()

    assert [ask(), ask()] == [b"object 1"] * 2
    for number, change in enumerate(
        (
            lambda: far.write_text("int deeper;\n"),
            lambda: near.write_text('#include "deep.h"\nint near;\n'),
            lambda: source.write_text('#include "near.h"\nint b;\n'),
        ),
        start=2,
    ):
        change()
        assert [ask(), ask()] == [b"object %d" % number] * 2
    assert ask("cc", "-Os") == b"object 5"
    assert not list(own_cache.glob("objects/tmp*"))
