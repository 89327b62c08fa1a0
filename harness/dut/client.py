"""Client of devices that may have this harness's additions to the EnergyRunner protocol."""

from harness.dut import events as ev
from harness.dut.plain import MAX_CHUNK_BYTES, PlainDut

LONG_CHUNK_BYTES = 1024
"""Most data bytes where the firmware takes any number; a lost one costs a sample, an answer each chunk."""

_LONG_CHUNKS_SINCE = 2  # version of the extensions


class Dut(PlainDut):
    """A device under test, with the commands whose names begin with `x-`."""

    def info(self) -> ev.ImageInfo | None:
        """What the image says about itself; None where the firmware is not one of this harness."""
        info = self._exchange.again(self._ask_info)
        if info is not None:
            long_chunks = info.protocol >= _LONG_CHUNKS_SINCE
            self.max_chunk_bytes = LONG_CHUNK_BYTES if long_chunks else MAX_CHUNK_BYTES
        return info

    def _ask_info(self) -> ev.ImageInfo | None:
        events = self._exchange.send("x-info", self._exchange.quick_s)
        for event in events:
            if isinstance(event, ev.DeviceError) and event.text.lower().startswith("unknown command"):
                # If it names another command, a byte of ours was damaged on its way.
                named = event.text[len("unknown command") :].strip(" :")
                if named in ("", "x-info"):
                    return None
        return self._exchange.only("x-info", self._exchange.checked("x-info", events), ev.ImageInfo)

    def cycles(self) -> ev.Cycles:
        """Core clock cycles of the last timed window (all its iterations)."""
        return self._exchange.agreed("x-cycles", ev.Cycles)

    def output(self) -> bytes:
        """Raw bytes of the output tensor of the last inference."""
        return self._exchange.one("x-output", ev.Output).data

    def check_sample(self) -> int:
        """CRC-32 of what the input tensor holds, which the device takes for a new sample."""
        return self._exchange.one("x-sample", ev.SampleCheck).crc32

    def run_sample(self, timeout_s: float | None = None) -> tuple[int, bytes]:
        """One untimed inference on what the input tensor holds.

        Args:
            timeout_s: What it may take; by default the allowance.

        Returns:
            CRC-32 of the input tensor before it, and the raw bytes of the output tensor after it.
        """
        command = "x-sample run"
        events = self._compute(command, 1, timeout_s)
        return (
            self._exchange.only(command, events, ev.SampleCheck).crc32,
            self._exchange.only(command, events, ev.Output).data,
        )

    def memory(self) -> ev.StackUse:
        """How deep the stack has been."""
        return self._exchange.agreed("x-memory", ev.StackUse)

    def layers(self, timeout_s: float | None = None) -> list[ev.Layer]:
        """Run one inference and give each layer's cycles, in order of execution."""
        events = self._compute("x-profile", 1, timeout_s)
        layers = [event for event in events if isinstance(event, ev.Layer)]
        if not layers or [layer.index for layer in layers] != list(range(len(layers))):
            raise self._exchange.wrong("x-profile", f"{len(layers)} layer lines that do not count up from 0")
        return layers
