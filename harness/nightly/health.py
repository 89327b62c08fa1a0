"""Whether a board is in order: a known-good image is flashed and must answer as it does on this computer."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.bench import open_board
from harness.errors import MeasurementError
from harness.firmware.host import HostModel
from harness.measure import make_loader, start_image
from harness.search.images import get_image
from harness.store import Store, stage_key
from harness.tasks import load_reference, load_task, reference_key

_SAMPLES = 8


@dataclass(frozen=True)
class KnownGood:
    """A model with what it answers.

    Attributes:
        model: The `.tflite` file, an artifact of the store.
        sha256: Its hash.
        inputs: int8 `(n, *input shape)`.
        outputs: int8 `(n, *output shape)`, computed on this computer.
    """

    model: Path
    sha256: str
    inputs: npt.NDArray[np.int8]
    outputs: npt.NDArray[np.int8]


def known_good(store: Store) -> KnownGood:
    """The digits network, trained and quantised once and then kept in the store.

    Raises:
        StoreError: It cannot be kept.
        BuildError: The compiler of this computer refused.
    """
    task = load_task("digits")
    key = stage_key("known-good", {"task": task.fingerprint, "reference": reference_key(task, None)})
    stage = store.stage(key)
    if stage is None:
        from harness.quantization import quantize

        content = quantize(load_reference(task), task.calibration)
        stage = store.finish_stage(key, {"tflite": store.artifacts.put(content, ".tflite")})
    sha256 = stage.outputs["tflite"]
    model = store.artifacts.path(sha256)
    with tempfile.TemporaryDirectory(prefix="harness-health-") as folder:
        host = HostModel(model, Path(folder))
        tensor = host.plan.input
        inputs = task.test.take(np.arange(_SAMPLES)).encode(tensor.scale, tensor.zero_point)
        return KnownGood(model, sha256, inputs, host.run(inputs))


def check_board(board: str, good: KnownGood, store: Store, wait_s: float) -> None:
    """Lease the board, flash the known-good image, and compare its answers bit by bit.

    Args:
        board: A unit of the bench file, or `virtual:<kind>`.
        good: What it must answer.
        store: Where images are kept.
        wait_s: How long to wait for another holder of the lease.

    Raises:
        BoardError: The board does not do its part.
        MeasurementError: It answers something else.
    """
    with open_board(board, wait_s=wait_s) as leased:
        image = get_image(store, good.model, good.sha256, leased.kind, toolchain="zig", model_id="custom")
        leased.flash(image)
        with leased.open_serial() as port:
            loader = make_loader(start_image(leased, image, port), leased, image)
            for number, (sample, expected) in enumerate(zip(good.inputs, good.outputs, strict=True)):
                answer = loader.ask(sample.tobytes())
                if answer.tobytes() != expected.tobytes():
                    raise MeasurementError(
                        f"{board}: sample {number} of the known-good image is answered {answer.tolist()}, "
                        f"not {expected.ravel().tolist()}; see `harness boards doctor {board}`"
                    )
