"""The same generated C on this computer, to check a model's outputs without a board."""

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.errors import BuildError
from harness.firmware.backends import HOST
from harness.firmware.emit import emit_model
from harness.firmware.plan import ModelPlan, plan_model
from harness.firmware.sources import host_sources, include_dirs
from harness.firmware.toolchain import host_compiler


class HostModel:
    """A model built for this computer.

    Args:
        model: An int8 `.tflite` file.
        out_dir: Existing folder for sources and program.
        flags: Further compiler options, such as sanitizers.
        compiler: Command of the C compiler; that of `host_compiler` if not given.
        eliminate: Whether channels that carry nothing are dropped; False to compare with.

    Raises:
        InputError: The model cannot be read or run.
        BuildError: The compiler refused.
    """

    def __init__(
        self,
        model: Path,
        out_dir: Path,
        flags: tuple[str, ...] = (),
        *,
        compiler: tuple[str, ...] = (),
        eliminate: bool = True,
    ) -> None:
        self.plan: ModelPlan = plan_model(model, HOST, eliminate=eliminate)
        emit_model(self.plan, out_dir, "host")
        self._program = out_dir / "model"
        includes = [f"-I{folder}" for folder in (out_dir, *include_dirs())]
        sources = [str(path) for path in (*host_sources(), out_dir / "model.c")]
        command = [
            *(compiler or host_compiler()),
            "-O2",
            *flags,
            *includes,
            *sources,
            "-o",
            str(self._program),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BuildError(f"the host build of {model} failed: {done.stderr.splitlines()[0]}")

    def run(self, samples: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """Outputs `(n, *output shape)` of int8 samples `(n, *input shape)`.

        Raises:
            BuildError: The program failed.
        """
        done = subprocess.run([self._program], input=samples.tobytes(), capture_output=True, check=False)
        if done.returncode:
            raise BuildError(f"the host model stopped with {done.returncode}: {done.stderr.decode()[:300]}")
        return np.frombuffer(done.stdout, np.int8).reshape(len(samples), *self.plan.output.shape[1:])
