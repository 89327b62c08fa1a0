"""A served board keeps to the wall's clock, so that a runner which demands ten seconds of it gets them."""

from pathlib import Path

import numpy as np
import pytest
import serial

from harness.bench import resolve
from harness.bench.serve import serve_board
from harness.config.kinds import load_kind
from harness.firmware import build_image
from tests.protocol.eembc_runner import EembcRunner
from tests.protocol.mlcommons_runner import MlcommonsRunner

# A slow chip: a busy machine keeps up with it too.
KIND = "nrf51-dk"
WINDOWS, WINDOW_S = 5, 2.1


@pytest.mark.slow
@pytest.mark.alone
def test_runner_that_demands_ten_seconds_is_satisfied(kws_shaped: Path, tmp_path: Path) -> None:
    kind = load_kind(KIND)
    image = build_image(kws_shaped, kind, tmp_path / "build", model_id="kws01")
    data = np.random.default_rng(4).bytes(490)
    (tmp_path / "tst_000000.bin").write_bytes(data)
    unit = resolve(f"virtual:{KIND}")
    with serve_board(unit, image=image.elf_path, pace="max") as board:
        with serial.Serial(board.port, board.baud) as port:
            per_second, _ = EembcRunner(port).infer(data, 5, 1)
        iterations = int(WINDOW_S * per_second)
        unpaced = MlcommonsRunner(board.port).performance([tmp_path / "tst_000000.bin"], iterations, 1)
    with serve_board(unit, image=image.elf_path) as board:
        runner = MlcommonsRunner(board.port)
        runner.identify()
        run = runner.performance([tmp_path / "tst_000000.bin"], iterations, 1)
        assert board.process.lost_s(0.0) < 1.0
    assert runner.name == KIND
    assert not run.too_short
    assert run.median_throughput == pytest.approx(unpaced.median_throughput, rel=1e-3)
    assert run.median_throughput == pytest.approx(per_second, rel=0.01)
