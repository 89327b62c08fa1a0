"""Flash controller (nRF51 reference manual, chapter 6): who may write and erase, and what a write does."""

from collections.abc import Callable

from harness.virtual.flash_timing import FlashSetting
from harness.virtual.memory import BusError, Ram
from harness.virtual.registers import Peripheral, Register

_CONFIG, _WRITE_ENABLE, _ERASE_ENABLE = 0x504, 1, 2
_ICACHECNF, _CACHE_ENABLE = 0x540, 1
_CACHE = (Register("ICACHECNF", _ICACHECNF), Register("IHIT", 0x548), Register("IMISS", 0x54C))


class FlashController(Peripheral):
    """NVMC of nRF51 and nRF52.

    A write can only clear bits, is 32 bits wide and needs CONFIG = Wen; an erase needs CONFIG = Een.

    Args:
        flash: The code memory.
        uicr: The user information page.
        page_bytes: Erase unit.
        damage: What flash wear does to a word, as (`address`, `word`) -> `word`; for fault injection.
        wait_states: Of the flash, which nothing changes.
        has_cache: Whether the chip has an instruction cache (nRF52), which is off after reset.

    Attributes:
        on_change: Told when flash has changed.
        on_setting: Told of the cache.
    """

    NAME = "NVMC"
    BASE = 0x4001_E000
    REGISTERS = (
        Register("READY", 0x400, reset=1, read_only=True),
        Register("READYNEXT", 0x408, reset=1, read_only=True),
        Register("CONFIG", _CONFIG),
        Register("ERASEPAGE", 0x508),
        Register("ERASEALL", 0x50C),
        Register("ERASEPCR0", 0x510),
        Register("ERASEUICR", 0x514),
    )

    def __init__(
        self,
        flash: Ram,
        uicr: Ram,
        page_bytes: int,
        damage: Callable[[int, int], int],
        wait_states: int = 0,
        has_cache: bool = False,
    ) -> None:
        super().__init__()
        if has_cache:
            self.extend(_CACHE)
        self._has_cache = has_cache
        self._wait_states = wait_states
        self._flash = flash
        self._uicr = uicr
        self._page_bytes = page_bytes
        self._damage = damage
        self.on_change: Callable[[], None] = lambda: None
        self.on_setting: Callable[[FlashSetting], None] = lambda setting: None

    def reset(self) -> None:
        super().reset()
        self._tell_setting()

    def write_ICACHECNF(self, value: int) -> None:
        self[_ICACHECNF] = value
        self._tell_setting()

    def _tell_setting(self) -> None:
        cached = self._has_cache and bool(self[_ICACHECNF] & _CACHE_ENABLE)
        self.on_setting(FlashSetting(self._wait_states, cached, False, False))

    def program(self, address: int, size: int, value: int) -> int:
        """Program the word at `address` and give what is stored there afterwards.

        Raises:
            BusError: Writing is not enabled, or it is not a whole aligned word.
        """
        if self[_CONFIG] != _WRITE_ENABLE:
            raise BusError(f"write to flash at 0x{address:08X} while NVMC.CONFIG does not enable writing")
        if size != 4 or address & 3:
            raise BusError(f"write of {size} bytes to flash at 0x{address:08X}; it takes aligned words only")
        memory = self._flash if address in self._flash else self._uicr
        old = int.from_bytes(memory.read(address, 4), "little")
        word = self._damage(address, old & value & 0xFFFF_FFFF)
        memory.write(address, word.to_bytes(4, "little"))
        self.on_change()
        return word

    def erase_everything(self) -> None:
        """Erase flash and UICR whatever CONFIG says, as the control port can."""
        for memory in (self._flash, self._uicr):
            memory.buffer[:] = b"\xff" * memory.size_bytes
        self.on_change()

    def write_CONFIG(self, value: int) -> None:
        self[_CONFIG] = value & 3

    def _erase(self, memory: Ram, offset: int, length: int) -> None:
        if self[_CONFIG] != _ERASE_ENABLE:
            return  # the chip ignores it
        memory.buffer[offset : offset + length] = b"\xff" * length
        self.on_change()

    def write_ERASEPAGE(self, value: int) -> None:
        if value in self._flash:
            self._erase(self._flash, value - value % self._page_bytes, self._page_bytes)

    write_ERASEPCR0 = write_ERASEPAGE

    def write_ERASEALL(self, value: int) -> None:
        if value & 1 and self[_CONFIG] == _ERASE_ENABLE:
            self.erase_everything()

    def write_ERASEUICR(self, value: int) -> None:
        if value & 1:
            self._erase(self._uicr, 0, self._uicr.size_bytes)
