"""pyOCD's side of a virtual board: a debug probe plugin (entry point group `pyocd.probe`).

Loaded into every process that uses pyOCD on this machine, so it imports nothing heavy.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from pyocd.board.board import Board
from pyocd.board.board_ids import BoardInfo
from pyocd.core import exceptions
from pyocd.core.plugin import Plugin
from pyocd.probe.debug_probe import DebugProbe

from harness.virtual import records, wire
from harness.virtual.memory_map import resize
from harness.virtual.stm32.debug_target import provide
from harness.virtual.transfers import Transfers
from harness.virtual.wire import Operation


class VirtualProbe(DebugProbe):  # type: ignore[misc]  # pyOCD is untyped here
    """The probe of one virtual board.

    Args:
        record: The board.
    """

    def __init__(self, record: records.Record) -> None:
        super().__init__()
        self._record = record
        self._transfers: Transfers | None = None
        self._connected = False
        self._in_reset = False

    @classmethod
    def get_all_connected_probes(
        cls, unique_id: str | None = None, is_explicit: bool = False
    ) -> Sequence["VirtualProbe"]:
        return [cls(record) for record in records.running()]

    @classmethod
    def get_probe_with_id(cls, unique_id: str, is_explicit: bool = False) -> "VirtualProbe | None":
        return next((cls(record) for record in records.running() if record.unique_id == unique_id), None)

    @property
    def vendor_name(self) -> str:
        return "Virtual"

    @property
    def product_name(self) -> str:
        return str(self._record.title)

    @property
    def description(self) -> str:
        return f"Virtual {self._record.title}"

    @property
    def unique_id(self) -> str:
        return self._record.unique_id

    @property
    def board_kind(self) -> str:
        """The kind of the board."""
        return self._record.kind

    @property
    def serial_port(self) -> str:
        """The board's serial port, which a USB probe would have beside it."""
        return self._record.serial_port

    @property
    def meter_port(self) -> str:
        """The serial port of the simulated meter in the board's supply."""
        return self._record.meter_port

    @property
    def supported_wire_protocols(self) -> Sequence[DebugProbe.Protocol]:
        return [DebugProbe.Protocol.DEFAULT, DebugProbe.Protocol.SWD]

    @property
    def wire_protocol(self) -> DebugProbe.Protocol | None:
        return DebugProbe.Protocol.SWD if self._connected else None

    @property
    def is_open(self) -> bool:
        return self._transfers is not None

    @property
    def capabilities(self) -> set[DebugProbe.Capability]:
        return set()

    @property
    def associated_board_info(self) -> BoardInfo:
        return BoardInfo(name=self._record.title, target=self._record.target, vendor="Virtual")

    def create_associated_board(self) -> Board:
        provide(self._record.target)
        board = Board(self.session, board_info=self.associated_board_info)
        resize(board.target.memory_map, self._record.flash_origin, self._record.flash_bytes)
        resize(board.target.memory_map, self._record.ram_origin, self._record.ram_bytes)
        return board

    def open(self) -> None:
        self._transfers = Transfers(self.unique_id, self._record.debug_socket)

    def close(self) -> None:
        if self._transfers is not None:
            transfers, self._transfers = self._transfers, None
            transfers.close()

    @property
    def _line(self) -> Transfers:
        if self._transfers is None:
            raise exceptions.ProbeError(f"virtual board {self.unique_id} is not open")
        return self._transfers

    def connect(self, protocol: DebugProbe.Protocol | None = None) -> None:
        if protocol not in (None, DebugProbe.Protocol.DEFAULT, DebugProbe.Protocol.SWD):
            raise exceptions.ProbeError(f"virtual boards speak SWD only, not {protocol}")
        self._connected = True

    def disconnect(self) -> None:
        self._connected = False

    def set_clock(self, frequency: float) -> None:
        """Nothing: the transport has no clock."""

    def reset(self) -> None:
        self.assert_reset(True)
        time.sleep(self.session.options.get("reset.hold_time"))
        self.assert_reset(False)
        time.sleep(self.session.options.get("reset.post_delay"))

    def assert_reset(self, asserted: bool) -> None:
        self._in_reset = asserted
        self._line.post(Operation(wire.RESET_LINE, 0, 1, (int(asserted),)))
        self._line.flush()

    def is_reset_asserted(self) -> bool:
        return self._in_reset

    def flush(self) -> None:
        if self._transfers is not None:
            self._transfers.flush()

    # Transfers.

    def read_dp(self, addr: int, now: bool = True) -> Any:
        return _one(self._line.read(Operation(wire.READ_DP, addr & 0xC, 1)), now)

    def write_dp(self, addr: int, data: int) -> None:
        self._line.post(Operation(wire.WRITE_DP, addr & 0xC, 1, (data & 0xFFFF_FFFF,)))

    def read_ap(self, addr: int, now: bool = True) -> Any:
        return _one(self._line.read(Operation(wire.READ_AP, addr & 0xC, 1)), now)

    def write_ap(self, addr: int, data: int) -> None:
        self._line.post(Operation(wire.WRITE_AP, addr & 0xC, 1, (data & 0xFFFF_FFFF,)))

    def read_ap_multiple(self, addr: int, count: int = 1, now: bool = True) -> Any:
        result = self._line.read(Operation(wire.READ_AP, addr & 0xC, count))
        return result() if now else result

    def write_ap_multiple(self, addr: int, values: Sequence[int]) -> None:
        words = tuple(value & 0xFFFF_FFFF for value in values)
        self._line.post(Operation(wire.WRITE_AP, addr & 0xC, len(words), words))


def _one(result: Callable[[], Sequence[int]], now: bool) -> Any:
    return result()[0] if now else lambda: result()[0]


class VirtualProbePlugin(Plugin):  # type: ignore[misc]
    """Tells pyOCD of the probe class."""

    def load(self) -> type[VirtualProbe]:
        return VirtualProbe

    @property
    def name(self) -> str:
        return "virtual"

    @property
    def description(self) -> str:
        return "Probes of the virtual boards of tinyml-harness"
