"""A small device under test on a pseudo-terminal: a thread that answers as the protocol says."""

import os
import threading
import tty
import zlib
from collections.abc import Callable

import serial

BOOT = ["m-timestamp-mode-performance", "m-lap-us-1000", "Initialized", "m-init-done", "m-ready"]


class ScriptedDut:
    """Answers each command with `answer(command) -> lines`; None means silence.

    The default answers are those of a well-behaved device with a 4-value output. `override` changes
    single commands: its value is the list of lines, None, or raw bytes sent as they are.
    """

    def __init__(self) -> None:
        self.override: dict[str, list[str] | bytes | None] = {}
        self.commands: list[str] = []
        self.buffer = b""
        self._expected = 0
        self._clock_us = 2**32 - 500
        self.window_us = 1200
        self._master, slave = os.openpty()
        tty.setraw(self._master)
        tty.setraw(slave)
        self._slave = slave
        self.port = os.ttyname(slave)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def open(self) -> serial.Serial:
        return serial.Serial(self.port, 115200, exclusive=False)

    def say(self, lines: list[str], end: str = "\r\n") -> None:
        self.send(b"".join(f"{line}{end}".encode() for line in lines))

    def send(self, data: bytes) -> None:
        os.write(self._master, data)

    def unplug(self) -> None:
        """Take the port away, as pulling the cable does."""
        os.write(self._slave, b"\x04")  # wakes the thread, which closes the master side itself
        self._thread.join(5)
        os.close(self._slave)
        self._slave = -1

    def close(self) -> None:
        if self._slave >= 0:
            self.unplug()

    def _serve(self) -> None:
        pending = b""
        while True:
            pending += os.read(self._master, 4096)
            if b"\x04" in pending:
                os.close(self._master)
                return
            while b"%" in pending:
                raw, pending = pending.split(b"%", 1)
                self._answer(raw.decode())

    def _answer(self, command: str) -> None:
        self.commands.append(command)
        reply = self.override.get(command, self._default(command))
        if isinstance(reply, bytes):
            self.send(reply)
        elif reply is not None:
            self.say([*reply, "m-ready"])

    def _default(self, command: str) -> list[str]:
        simple: dict[str, list[str]] = {
            "name": ["m-name-dut-[scripted]"],
            "profile": ["m-profile-[ULPMark for tinyML Firmware V0.0.1]", "m-model-[kws01]"],
            "timestamp": ["m-lap-us-1234567"],
            "help": ["scripted", "name, timestamp, profile, db, infer, results"],
            "results": ["m-results-[0.000,0.250,0.750,0.000]"],
            "x-info": [
                "m-x-info-[kind=nrf51-dk,model=0123456789abcdef,mode=performance,protocol=1,"
                "build=fedcba9876543210]"
            ],
            "x-cycles": ["m-x-cycles-[19200,16000000]"],
            "x-output": ["m-x-output-[80ff007f]"],
            "x-memory": ["m-x-memory-[412,1536]"],
            "x-sample": [f"m-x-sample-[{zlib.crc32(self.buffer):08x}]"],
            "x-sample run": [f"m-x-sample-[{zlib.crc32(self.buffer):08x}]", "m-x-output-[80ff007f]"],
            "x-profile": ["m-x-layer-[0,conv,100]", "m-x-layer-[1,dense,20]"],
        }
        if command in simple:
            return simple[command]
        words = command.split(" ")
        handler: Callable[[list[str]], list[str]] | None = {"db": self._db, "infer": self._infer}.get(
            words[0]
        )
        return handler(words) if handler else [f"e-[Unknown command: {words[0]}]"]

    def _db(self, words: list[str]) -> list[str]:
        if words[1] == "load":
            self._expected, self.buffer = int(words[2]), b""
            return [f"m-[Expecting {self._expected} bytes]"]
        if words[1] == "print":
            pieces = [self.buffer[i : i + 8] for i in range(0, len(self.buffer), 8)]
            return [f"m-buffer-{piece.hex('-')}" for piece in pieces]
        if len(words[1]) % 2:
            return ["e-[Insufficient number of hex digits]"]
        self.buffer += bytes.fromhex(words[1])
        return ["m-load-done"] if len(self.buffer) >= self._expected else []

    def _infer(self, words: list[str]) -> list[str]:
        iterations, warmup = int(words[1]), int(words[2])
        t0 = self._clock_us
        self._clock_us = (t0 + self.window_us * iterations) % 2**32
        return [
            f"m-warmup-start-{warmup}",
            "m-warmup-done",
            f"m-infer-start-{iterations}",
            f"m-lap-us-{t0}",
            f"m-lap-us-{self._clock_us}",
            "m-infer-done",
            "m-results-[0.000,0.250,0.750,0.000]",
        ]
