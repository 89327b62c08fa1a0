"""How EEMBC's runner talks to a device: the steps of its scripts, as recorded session logs show them.

It finds the device by `name` within 2 s, gives a command 5 s, never has more than 64 bytes under way, and loads a
file before each `infer N W`.
"""

import re
import statistics
import time

import serial

_DETECT_S = 2.0
_COMMAND_S = 5.0
_MOST_BYTES = 64
_CHUNK_BYTES = (_MOST_BYTES - len("db %")) // 2
_STAMP = re.compile(r"m-lap-us-(\d+)")


class EembcRunner:
    """One session over an open port.

    Args:
        port: The port.

    Attributes:
        log: What the device said, line by line.
    """

    def __init__(self, port: serial.Serial) -> None:
        self._port = port
        self.log: list[str] = []

    def detect(self) -> str:
        """The device's name."""
        found = re.fullmatch(r"m-name-dut-\[(.+)\]", self.command("name", _DETECT_S)[0])
        assert found, "no device was found on the port"
        return found[1]

    def command(self, text: str, limit_s: float | None = _COMMAND_S) -> list[str]:
        """The reply without its `m-ready`; `infer` has no limit of its own."""
        data = text.encode() + b"%"
        assert len(data) <= _MOST_BYTES, f"more than {_MOST_BYTES} bytes without a handshake: {text}"
        deadline = time.monotonic() + (limit_s or 600.0)
        self._port.timeout = limit_s or 600.0
        self._port.write(data)
        reply: list[str] = []
        while True:
            line = self._port.read_until(b"\n").decode("ascii").strip()
            assert time.monotonic() < deadline, f"m-ready did not come in time after {text}"
            self.log.append(line)
            if line == "m-ready":
                return reply
            reply.append(line)

    def bload(self, data: bytes) -> None:
        """Send one input."""
        self.command(f"db load {len(data)}")
        for start in range(0, len(data), _CHUNK_BYTES):
            reply = self.command(f"db {data[start : start + _CHUNK_BYTES].hex()}")
        assert reply == ["m-load-done"]

    def infer(self, data: bytes, iterations: int, warmup: int) -> tuple[float, str]:
        """Inferences a second, and the line of results."""
        self.bload(data)
        reply = self.command(f"infer {iterations} {warmup}", None)
        start, end = (int(found[1]) for line in reply if (found := _STAMP.fullmatch(line)))
        return iterations * 1e6 / (end - start), reply[-1]

    def performance(self, inputs: list[bytes], iterations: int, warmup: int) -> float:
        """The performance script on five inputs; the median of inferences a second."""
        assert len(inputs) == 5
        self.command("profile")
        assert _STAMP.fullmatch(self.command("timestamp")[0])
        return statistics.median(self.infer(data, iterations, warmup)[0] for data in inputs)
