"""Client of the EnergyRunner protocol, to the letter: one method a command, typed replies, deadlines."""

import time
from collections.abc import Callable

from harness.dut import events as ev
from harness.dut.exchange import Exchange
from harness.dut.link import LineLink, SerialPort
from harness.dut.replies import Boot, InferReply, ProfileReply

MAX_CHUNK_BYTES = 38
"""Most data bytes of a `db` command for any firmware: commands have up to 80 characters."""

_PRINT_FACTOR = 5  # characters of `db print` for a byte: "-xx", and prefix and line end every 8
# An inference may take so many times the slowest before it, as boards that are emulated share a computer.
_SLOWER = 20.0


class PlainDut:
    """A device under test on an open serial port. Not for use by several threads at once.

    What only asks, a download and an inference are done again, up to twice, when their answer is lost or damaged. Every
    method raises `LinkError` when that does not help, the line falls silent, the port goes or the board restarts, and
    `ProtocolError` when an answer stays other than the protocol allows. After either, the next command first finds its
    way back into step (`resync`).

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
        self._exchange = Exchange(LineLink(serial, board, trace), allowance_s)
        self._loaded_bytes = 0
        self._inference_s: float | None = None
        self.max_chunk_bytes = MAX_CHUNK_BYTES

    @property
    def retries(self) -> int:
        """Commands, downloads and inferences that were done again so far, because the line failed."""
        return self._exchange.retries

    def wait_boot(self, timeout_s: float) -> Boot:
        """Wait for the announcement that ends in `m-init-done`, `m-ready`.

        Raises:
            BootError: It does not come within `timeout_s`.
            LinkError: The port is gone.
        """
        return self._exchange.wait_boot(timeout_s)

    def resync(self) -> None:
        """Find back into step: drop what is under way, then ask for the name until it is answered.

        Raises:
            LinkError: The device does not answer.
        """
        self._exchange.resync()

    def name(self) -> str:
        """The vendor's name of the device."""
        return self._exchange.one("name", ev.Name).vendor

    def profile(self) -> ProfileReply:
        """Protocol name and model id."""

        def ask() -> ProfileReply:
            events = self._exchange.ask("profile", self._exchange.quick_s)
            return ProfileReply(
                self._exchange.only("profile", events, ev.Profile).text,
                self._exchange.only("profile", events, ev.Model).model_id,
            )

        return self._exchange.again(ask)

    def timestamp_us(self) -> int:
        """The device's clock in microseconds; wraps at 2^32."""
        return self._exchange.one("timestamp", ev.Lap).us

    def help(self) -> list[str]:
        """The device's own list of commands, line by line."""
        return [
            event.text
            for event in self._exchange.ask("help", self._exchange.quick_s)
            if isinstance(event, ev.Chatter)
        ]

    def load(self, payload: bytes, chunk_bytes: int = 31) -> None:
        """Download one input sample, one `db` command in flight.

        Args:
            payload: The input tensor's bytes as the device wants them.
            chunk_bytes: Data bytes a command, 1 to `max_chunk_bytes`. MLCommons' runner uses 31.
        """
        if not 1 <= chunk_bytes <= self.max_chunk_bytes:
            raise ValueError(f"chunk_bytes must be 1 to {self.max_chunk_bytes}, not {chunk_bytes}")
        self._exchange.again(lambda: self._load(payload, chunk_bytes))

    def _load(self, payload: bytes, chunk_bytes: int) -> None:
        command = f"db load {len(payload)}"
        events = self._exchange.ask(command, self._exchange.quick_s)
        expecting = self._exchange.only(command, events, ev.Expecting)
        if expecting.size_bytes != len(payload):
            raise self._exchange.wrong(command, f"m-[Expecting {expecting.size_bytes} bytes]")
        self._loaded_bytes = len(payload)
        text = payload.hex()
        step = 2 * chunk_bytes
        for start in range(0, len(text), step):
            command = f"db {text[start : start + step]}"
            events = self._exchange.ask(command, self._exchange.quick_s)
            done = any(isinstance(event, ev.LoadDone) for event in events)
            if done != (start + step >= len(text)):
                heard = "m-load-done before the last byte" if done else "no m-load-done after the last byte"
                raise self._exchange.wrong(command, heard)

    def buffer(self) -> bytes:
        """What the device's input buffer holds."""
        reply_bytes = _PRINT_FACTOR * self._loaded_bytes
        events = self._exchange.again(
            lambda: self._exchange.ask("db print", self._exchange.quick_s, reply_bytes)
        )
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

        def window() -> InferReply:
            events = self._window(command, iterations, warmup, timeout_s)
            laps = [event.us for event in events if isinstance(event, ev.Lap)]
            if not laps:
                raise self._exchange.wrong(command, "no time stamps; is this firmware built for energy mode?")
            if len(laps) != 2:
                raise self._exchange.wrong(command, f"{len(laps)} time stamps where 2 are due")
            results = self._exchange.only(command, events, ev.Results)
            return InferReply(laps[0], laps[1], iterations, list(results.values))

        return self._exchange.again(window)

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
            raise self._exchange.wrong(
                command, "time stamps on the line; is this firmware built for performance mode?"
            )
        return list(self._exchange.only(command, events, ev.Results).values)

    def _window(self, command: str, iterations: int, warmup: int, timeout_s: float | None) -> list[ev.Event]:
        events = self._compute(command, iterations + warmup, timeout_s)
        # A byte lost on the way out changes the number of iterations and so the figure.
        if self._exchange.only(command, events, ev.WarmupStart).iterations != warmup:
            raise self._exchange.wrong(command, "another number of warm-up iterations in the answer")
        if self._exchange.only(command, events, ev.InferStart).iterations != iterations:
            raise self._exchange.wrong(command, "another number of iterations in the answer")
        return events

    def results(self) -> list[float]:
        """Dequantised outputs of the last inference, once more."""
        return list(self._exchange.one("results", ev.Results).values)

    def _compute(self, command: str, inferences: int, timeout_s: float | None) -> list[ev.Event]:
        """The answer to a command that runs the model so often; how long that takes is learnt."""
        if timeout_s is not None and self._inference_s is not None:
            timeout_s = min(timeout_s, self._exchange.quick_s + _SLOWER * inferences * self._inference_s)
        start = time.monotonic()
        events = self._exchange.ask(command, timeout_s)
        took_s = (time.monotonic() - start) / inferences
        self._inference_s = max(self._inference_s or 0.0, took_s)
        return events
