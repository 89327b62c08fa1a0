"""Client of the EnergyRunner protocol: one method a command, typed replies, deadlines."""

import time
from collections.abc import Callable
from typing import TypeVar

from harness.dut import events as ev
from harness.dut.link import LineLink, SerialPort
from harness.dut.parser import parse_line
from harness.dut.replies import Boot, InferReply, ProfileReply
from harness.errors import BootError, LinkError, ProtocolError

MAX_CHUNK_BYTES = 38
"""Most data bytes of a `db` command for any firmware: commands have up to 80 characters."""

LONG_CHUNK_BYTES = 1024
"""Most data bytes where the firmware takes any number; a lost one costs a sample, an answer each chunk."""

_LONG_CHUNKS_SINCE = 2  # version of the extensions

_REPLY_BYTES = 1024  # more than any reply but that of `db print`
_PRINT_FACTOR = 5  # characters of `db print` for a byte: "-xx", and prefix and line end every 8
_QUIET_S = 0.1
_RESYNC_TRIES = 4
_RESYNC_S = 2.0  # a try; EEMBC's runner gives a device as much to answer

E = TypeVar("E")


class Dut:
    """A device under test on an open serial port. Not for use by several threads at once.

    Every method raises `LinkError` when the line falls silent, the port goes or the board restarts,
    and `ProtocolError` when an answer is not what the protocol allows. After either, the next command
    first finds its way back into step (`resync`).

    Args:
        serial: Open port; its `timeout` is set here and must be left alone.
        board: The unit's name, for messages.
        allowance_s: What a device may take to answer beyond the time on the wire.
        trace: Called with `">"` or `"<"` and each command sent and line received.

    Attributes:
        board: The unit's name.
        max_chunk_bytes: Most data bytes of a `db` command; more once `info` has told that the firmware takes them.
    """

    def __init__(
        self,
        serial: SerialPort,
        board: str,
        *,
        allowance_s: float = 5.0,
        trace: Callable[[str, str], None] | None = None,
    ) -> None:
        self.board = board
        self._allowance_s = allowance_s
        self._link = LineLink(serial, board, trace)
        self._in_step = True
        self._loaded_bytes = 0
        self.max_chunk_bytes = MAX_CHUNK_BYTES

    def wait_boot(self, timeout_s: float) -> Boot:
        """Wait for the announcement that ends in `m-init-done`, `m-ready`.

        Raises:
            BootError: It does not come within `timeout_s`.
            LinkError: The port is gone.
        """
        deadline = time.monotonic() + timeout_s
        mode: str | None = None
        done = False
        heard: list[str] = []
        while (line := self._link.line(deadline)) is not None:
            match parse_line(line):
                case ev.BootMode(mode=mode):
                    done = False
                    heard.clear()
                case ev.InitDone():
                    done = True
                case ev.Ready() if done:
                    self._in_step = True
                    return Boot(mode, tuple(heard))
                case ev.Lap() | ev.Ready():
                    pass
                case _:
                    heard.append(line)
        last = f"the last line was {heard[-1]!r}" if heard else "nothing was heard"
        raise BootError(
            self.board,
            f"no announcement within {timeout_s:g} s of reset ({last}); "
            "check the serial port, its speed and that the image is for this board",
        )

    def resync(self) -> None:
        """Find back into step: drop what is under way, then ask for the name until it is answered.

        Raises:
            LinkError: The device does not answer.
        """
        # A lone terminator would do to end a broken command, but it crashes the reference firmware.
        self._in_step = False
        for _ in range(_RESYNC_TRIES):
            deadline = time.monotonic() + min(self._allowance_s, _RESYNC_S)
            self._link.drain(_QUIET_S, deadline)
            self._link.send("name")
            named = False
            while (line := self._link.line(deadline)) is not None:
                match parse_line(line):
                    case ev.Name():
                        named = True
                    case ev.Ready():
                        break
                    case ev.Chatter():
                        pass
                    case _:
                        # What follows an old reply's end is the answer that counts.
                        named = False
            if named and line is not None:
                self._in_step = True
                return
        raise LinkError(self.board, f"no answer to 'name' in {_RESYNC_TRIES} tries; reset the board")

    def name(self) -> str:
        """The vendor's name of the device."""
        return self._one("name", ev.Name).vendor

    def profile(self) -> ProfileReply:
        """Protocol name and model id."""
        events = self._command("profile")
        return ProfileReply(
            self._only("profile", events, ev.Profile).text,
            self._only("profile", events, ev.Model).model_id,
        )

    def timestamp_us(self) -> int:
        """The device's clock in microseconds; wraps at 2^32."""
        return self._one("timestamp", ev.Lap).us

    def help(self) -> list[str]:
        """The device's own list of commands, line by line."""
        return [event.text for event in self._command("help") if isinstance(event, ev.Chatter)]

    def load(self, payload: bytes, chunk_bytes: int = 31) -> None:
        """Download one input sample, one `db` command in flight.

        Args:
            payload: The input tensor's bytes as the device wants them.
            chunk_bytes: Data bytes a command, 1 to `max_chunk_bytes`. MLCommons' runner uses 31.
        """
        if not 1 <= chunk_bytes <= self.max_chunk_bytes:
            raise ValueError(f"chunk_bytes must be 1 to {self.max_chunk_bytes}, not {chunk_bytes}")
        command = f"db load {len(payload)}"
        expecting = self._one(command, ev.Expecting)
        if expecting.size_bytes != len(payload):
            raise self._wrong(command, f"m-[Expecting {expecting.size_bytes} bytes]")
        self._loaded_bytes = len(payload)
        text = payload.hex()
        step = 2 * chunk_bytes
        for start in range(0, len(text), step):
            command = f"db {text[start : start + step]}"
            events = self._command(command)
            done = any(isinstance(event, ev.LoadDone) for event in events)
            if done != (start + step >= len(text)):
                heard = "m-load-done before the last byte" if done else "no m-load-done after the last byte"
                raise self._wrong(command, heard)

    def buffer(self) -> bytes:
        """What the device's input buffer holds."""
        events = self._command("db print", reply_bytes=_PRINT_FACTOR * self._loaded_bytes)
        return b"".join(event.data for event in events if isinstance(event, ev.Buffer))

    def infer(self, iterations: int = 1, warmup: int = 0, timeout_s: float | None = None) -> InferReply:
        """Run one timed window.

        Args:
            iterations: Inferences in the window, from 1.
            warmup: Inferences before it, from 0.
            timeout_s: What the whole may take; by default the allowance.

        Raises:
            ProtocolError: Also where the firmware gives no time stamps (energy mode).
        """
        command = f"infer {iterations} {warmup}"
        events = self._window(command, iterations, warmup, timeout_s)
        laps = [event.us for event in events if isinstance(event, ev.Lap)]
        if not laps:
            raise self._wrong(command, "no time stamps; is this firmware built for energy mode?")
        if len(laps) != 2:
            raise self._wrong(command, f"{len(laps)} time stamps where 2 are due")
        results = self._only(command, events, ev.Results)
        return InferReply(laps[0], laps[1], iterations, list(results.values))

    def infer_marked(
        self, iterations: int = 1, warmup: int = 0, timeout_s: float | None = None
    ) -> list[float]:
        """Run one window whose ends the firmware marks on a pin.

        Args:
            iterations: Inferences in the window, from 1.
            warmup: Inferences before it, from 0.
            timeout_s: What the whole may take; by default the allowance.

        Returns:
            The dequantised outputs of the last inference.

        Raises:
            ProtocolError: Also where the firmware gives time stamps (performance mode).
        """
        command = f"infer {iterations} {warmup}"
        events = self._window(command, iterations, warmup, timeout_s)
        if any(isinstance(event, ev.Lap) for event in events):
            raise self._wrong(
                command, "time stamps on the line; is this firmware built for performance mode?"
            )
        return list(self._only(command, events, ev.Results).values)

    def _window(self, command: str, iterations: int, warmup: int, timeout_s: float | None) -> list[ev.Event]:
        events = self._command(command, timeout_s)
        # A byte lost on the way out changes the number of iterations and so the figure.
        if self._only(command, events, ev.WarmupStart).iterations != warmup:
            raise self._wrong(command, "another number of warm-up iterations in the answer")
        if self._only(command, events, ev.InferStart).iterations != iterations:
            raise self._wrong(command, "another number of iterations in the answer")
        return events

    def results(self) -> list[float]:
        """Dequantised outputs of the last inference, once more."""
        return list(self._one("results", ev.Results).values)

    def info(self) -> ev.ImageInfo | None:
        """What the image says about itself; None where the firmware is not one of this harness."""
        events = self._exchange("x-info")
        for event in events:
            if isinstance(event, ev.DeviceError) and event.text.lower().startswith("unknown command"):
                return None
        info = self._only("x-info", self._checked("x-info", events), ev.ImageInfo)
        self.max_chunk_bytes = LONG_CHUNK_BYTES if info.protocol >= _LONG_CHUNKS_SINCE else MAX_CHUNK_BYTES
        return info

    def cycles(self) -> ev.Cycles:
        """Core clock cycles of the last timed window (all its iterations)."""
        return self._one("x-cycles", ev.Cycles)

    def output(self) -> bytes:
        """Raw bytes of the output tensor of the last inference."""
        return self._one("x-output", ev.Output).data

    def check_sample(self) -> int:
        """CRC-32 of what the input tensor holds, which the device takes for a new sample."""
        return self._one("x-sample", ev.SampleCheck).crc32

    def run_sample(self, timeout_s: float | None = None) -> tuple[int, bytes]:
        """One untimed inference on what the input tensor holds.

        Args:
            timeout_s: What it may take; by default the allowance.

        Returns:
            CRC-32 of the input tensor before it, and the raw bytes of the output tensor after it.
        """
        command = "x-sample run"
        events = self._command(command, timeout_s)
        return (
            self._only(command, events, ev.SampleCheck).crc32,
            self._only(command, events, ev.Output).data,
        )

    def memory(self) -> ev.StackUse:
        """How deep the stack has been."""
        return self._one("x-memory", ev.StackUse)

    def layers(self, timeout_s: float | None = None) -> list[ev.Layer]:
        """Run one inference and give each layer's cycles, in order of execution."""
        events = self._command("x-profile", timeout_s)
        layers = [event for event in events if isinstance(event, ev.Layer)]
        if not layers or [layer.index for layer in layers] != list(range(len(layers))):
            raise self._wrong("x-profile", f"{len(layers)} layer lines that do not count up from 0")
        return layers

    def _one(self, command: str, kind: type[E]) -> E:
        return self._only(command, self._command(command), kind)

    def _only(self, command: str, events: list[ev.Event], kind: type[E]) -> E:
        found = [event for event in events if isinstance(event, kind)]
        if len(found) != 1:
            raise self._wrong(command, f"{len(found)} lines of type {kind.__name__} where one is due")
        return found[0]

    def _command(self, command: str, timeout_s: float | None = None, reply_bytes: int = 0) -> list[ev.Event]:
        return self._checked(command, self._exchange(command, timeout_s, reply_bytes))

    def _checked(self, command: str, events: list[ev.Event]) -> list[ev.Event]:
        for event in events:
            if isinstance(event, ev.DeviceError):
                raise self._wrong(command, f"e-[{event.text}]")
            if isinstance(event, ev.Malformed):
                raise self._wrong(command, event.line)
        return events

    def _exchange(self, command: str, timeout_s: float | None = None, reply_bytes: int = 0) -> list[ev.Event]:
        """Send a command and collect the reply's events up to, without, `m-ready`."""
        if not self._in_step:
            self.resync()
        self._in_step = False
        for line in self._link.pending():
            if isinstance(parse_line(line), ev.BootMode):
                raise self._restarted(command)
        allowance_s = self._allowance_s if timeout_s is None else timeout_s
        wire_s = self._link.transfer_s(len(command) + 1 + _REPLY_BYTES + reply_bytes)
        deadline = time.monotonic() + allowance_s + wire_s
        self._link.send(command)
        events: list[ev.Event] = []
        while (line_heard := self._link.line(deadline)) is not None:
            event = parse_line(line_heard)
            if isinstance(event, ev.Ready):
                self._in_step = True
                return events
            if isinstance(event, ev.BootMode):
                raise self._restarted(command)
            events.append(event)
        heard = f"after {len(events)} lines" if events else "without a word"
        raise LinkError(
            self.board, f"no answer to {command[:40]!r} within {allowance_s:g} s ({heard}); reset the board"
        )

    def _restarted(self, command: str) -> LinkError:
        return LinkError(
            self.board, f"the board restarted before or during {command[:40]!r}; its input and state are lost"
        )

    def _wrong(self, command: str, heard: str) -> ProtocolError:
        self._in_step = False
        return ProtocolError(self.board, f"unexpected answer to {command[:40]!r}: {heard}")
