"""Answers of a run as they come, so that a run that is killed goes on at the sample where it stopped."""

import json
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np

from harness.errors import StoreError
from harness.measure.loader import Output


class Journal:
    """A file of one line an answer. What a kill left incomplete at its end is dropped.

    Args:
        path: The file; its folder exists.
        samples: Answers it may hold at most.

    Raises:
        StoreError: The file cannot be written.
    """

    def __init__(self, path: Path, samples: int) -> None:
        self._path = path
        self._outputs: list[Output] = []
        try:
            self._file: BinaryIO = path.open("a+b")
            self._file.seek(0)
            whole = 0
            for line in self._file.read().splitlines(keepends=True)[:samples]:
                output = _read(line)
                if output is None:
                    break
                self._outputs.append(output)
                whole += len(line)
            self._file.truncate(whole)
            self._file.seek(whole)
        except OSError as error:
            raise StoreError(
                f"cannot write {path}: {error.strerror}; choose another results folder"
            ) from error

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def outputs(self) -> list[Output]:
        """The answers so far, in order."""
        return list(self._outputs)

    def add(self, output: Output) -> None:
        """Keep one more answer; a kill of this process does not lose it.

        Raises:
            StoreError: It cannot be written.
        """
        self._outputs.append(output)
        try:
            self._file.write(_line(output))
            self._file.flush()
        except OSError as error:
            raise StoreError(f"cannot write {self._path}: {error.strerror}; free some space") from error


def _line(output: Output) -> bytes:
    text = json.dumps(output.tolist() if output.dtype == np.int8 else [float(value) for value in output])
    return f"{zlib.crc32(text.encode()):08x} {text}\n".encode()


def _read(line: bytes) -> Output | None:
    """The answer of a whole line; None for a torn one."""
    if not line.endswith(b"\n") or line[8:9] != b" ":
        return None
    text = line[9:-1]
    if f"{zlib.crc32(text):08x}".encode() != line[:8]:
        return None
    values = json.loads(text)
    return np.array(values, np.float32 if any(isinstance(value, float) for value in values) else np.int8)
