"""TensorFlow stays out until it is needed, and then says nothing."""

import os
import random
import subprocess
import sys

import numpy as np
import pytest

from harness.tasks.framework import load_tensorflow, quiet_stderr, seeded


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "KERAS_"))}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=plain, timeout=120
    )


def test_data_and_candidates_need_no_tensorflow() -> None:
    result = run_python(
        "import sys, harness.tasks, harness.pruning, harness.quantization\n"
        "task = harness.tasks.load_task('digits')\n"
        "task.test.encode(0.1, 0), task.fingerprint, harness.pruning.Candidate('conv1', 'aux').key\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_training_and_conversion_print_nothing() -> None:
    result = run_python(
        "import numpy as np\n"
        "from harness.quantization import quantize\n"
        "from harness.tasks.dscnn import Block, DsCnn, build_ds_cnn\n"
        "from harness.tasks.fit import fit\n"
        "from harness.tasks.recipe import Recipe\n"
        "x, y = np.random.rand(40, 8, 8, 1).astype('float32'), np.arange(40) % 2\n"
        "model = build_ds_cnn(DsCnn('toy', (8, 8, 1), (3, 3), 1, 4, (Block(4),)), 2)\n"
        "fit(model, (x, y), (x, y), Recipe('toy', 1, 8, ((0, 1e-3),)), 0)\n"
        "quantize(model, x)\n"
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_quiet_stderr_hides_native_output_and_gives_the_stream_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ZeroDivisionError), quiet_stderr():
        os.write(2, b"chatter")
        _ = 1 // 0
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_seeded_repeats_and_leaves_the_callers_randomness_alone() -> None:
    keras = __import__("keras") if load_tensorflow() else None
    draws = []
    random.seed(5), np.random.seed(5)
    expected = (random.random(), np.random.rand())
    random.seed(5), np.random.seed(5)
    for _ in range(2):
        with seeded(3):
            draws.append(np.asarray(keras.random.normal((2,))).tolist())
    assert draws[0] == draws[1]
    assert (random.random(), np.random.rand()) == expected
