"""The generated C of whole models under the address and undefined-behaviour sanitizers of this computer's compilers."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from harness.errors import BuildError
from harness.firmware import host
from harness.firmware.host import HostModel
from tests.end_to_end.reference_models import MODELS, expected
from tests.firmware import models

FATAL = ("-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g")


@dataclass(frozen=True)
class Sanitizer:
    """A compiler's command (empty for the built-in one) and the checks it adds."""

    compiler: str
    checks: str

    @property
    def options(self) -> dict[str, tuple[str, ...]]:
        return {
            "compiler": (self.compiler,) if self.compiler else (),
            "flags": (f"-fsanitize={self.checks}", *FATAL),
        }


# The built-in clang comes without the address sanitizer's run-time library.
SANITIZERS = [
    Sanitizer("", "undefined"),
    Sanitizer("gcc", "address,undefined"),
    Sanitizer("clang", "address,undefined"),
]


@cache
def works(compiler: str, checks: str) -> bool:
    """Whether programs with these checks can be built and run here."""
    if not compiler:
        return True
    if shutil.which(compiler) is None:
        return False
    program = "int main(void) { return 0; }"
    command = [compiler, f"-fsanitize={checks}", "-x", "c", "-", "-o", "/dev/null"]
    return subprocess.run(command, input=program, text=True, capture_output=True).returncode == 0


@pytest.fixture(params=SANITIZERS, ids=lambda s: f"{s.compiler or 'built-in'}-{s.checks}")
def sanitizer(request) -> Sanitizer:
    if not works(request.param.compiler, request.param.checks):
        pytest.skip(f"{request.param.compiler} with -fsanitize={request.param.checks} is not installed")
    return request.param


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_reference_models(sanitizer, model, shared_data, tmp_path):
    built = HostModel(model.path(shared_data), tmp_path, **sanitizer.options)
    got = built.run(model.samples(shared_data, 5))
    np.testing.assert_array_equal(got.reshape(5, -1), expected(model, shared_data, 5))


@pytest.fixture(scope="module")
def small_model(tmp_path_factory) -> Path:
    return models.write(models.every_operator(), tmp_path_factory.mktemp("model") / "small.tflite")


def test_every_operator_at_its_extremes(sanitizer, small_model, tmp_path):
    rng = np.random.default_rng(1)
    samples = np.concatenate(
        [rng.integers(-128, 128, (20, 11, 9, 3)), np.full((1, 11, 9, 3), -128), np.full((1, 11, 9, 3), 127)]
    ).astype(np.int8)
    assert len(HostModel(small_model, tmp_path, **sanitizer.options).run(samples)) == 22


@pytest.mark.parametrize(
    ("pattern", "changed", "message"),
    [
        (r"arena\[\d+ \+ 4\]", "arena[700]", "AddressSanitizer: global-buffer-overflow"),
        (r"(layer_0_bias\[\d+\][^{]*\{\s*)-?\d+", r"\g<1>2147483647", "signed integer overflow"),
    ],
)
def test_a_fault_is_noticed(sanitizer, small_model, tmp_path, monkeypatch, pattern, changed, message):
    """A buffer that is too short, or a sum that leaves 32 bits."""
    if "Address" in message and "address" not in sanitizer.checks:
        pytest.skip("only the address sanitizer sees it")
    emit = host.emit_model

    def emit_broken(plan, out_dir, model_id):
        emit(plan, out_dir, model_id)
        path = out_dir / "model.c"
        text, count = re.subn(pattern, changed, path.read_text(), count=1)
        assert count == 1
        path.write_text(text)

    monkeypatch.setattr(host, "emit_model", emit_broken)
    samples = np.full((1, 11, 9, 3), 127, np.int8)
    with pytest.raises(BuildError, match=message):
        HostModel(small_model, tmp_path, **sanitizer.options).run(samples)
