"""FLASH (RM0351 and RM0432, chapter 3): keys, page and mass erase, double-word programming, wait states."""

from collections.abc import Callable

from harness.virtual.flash_timing import FlashSetting
from harness.virtual.memory import Ram
from harness.virtual.registers import Peripheral, Register, UnmodelledAccessError

_ACR, _KEYR, _OPTKEYR, _SR, _CR, _OPTR = 0x00, 0x08, 0x0C, 0x10, 0x14, 0x20
_LATENCY, _PREFETCH, _CODE_CACHE, _DATA_CACHE = 0xF, 1 << 8, 1 << 9, 1 << 10
_KEYS = (0x4567_0123, 0xCDEF_89AB)
_EOP, _PROGERR, _WRPERR, _SIZERR, _PGSERR = 1 << 0, 1 << 3, 1 << 4, 1 << 6, 1 << 7
_PG, _PER, _MER1, _MER2, _BKER, _STRT, _OPTSTRT, _FSTPG = (1 << bit for bit in (0, 1, 2, 15, 11, 16, 17, 18))
_OBL_LAUNCH, _EOPIE, _OPTLOCK, _LOCK = 1 << 27, 1 << 24, 1 << 30, 1 << 31
_ERASED = b"\xff" * 8


class FlashController(Peripheral):
    """Two banks of equal size; erasing and programming take no time, so that BSY never reads as set.

    Only erased double words can be programmed, as two aligned words in ascending order.

    Args:
        flash: The program memory.
        page_bytes: Erase unit.
        damage: What flash wear does to a word, as (`address`, `word`) -> `word`; for fault injection.

    Attributes:
        on_change: Told when flash has changed.
        on_setting: Told of wait states, caches and prefetch.
        before_latency: Asked before the wait states change, with their new number.
    """

    NAME = "FLASH"
    BASE = 0x4002_2000
    SIZE = 0x400
    REGISTERS = (
        Register("ACR", _ACR, reset=_CODE_CACHE | _DATA_CACHE),
        Register("PDKEYR", 0x04),
        Register("KEYR", _KEYR),
        Register("OPTKEYR", _OPTKEYR),
        Register("SR", _SR),
        Register("CR", _CR, reset=_LOCK | _OPTLOCK),
        Register("ECCR", 0x18),
        Register("OPTR", _OPTR, reset=0xFFEF_F8AA, read_only=True),
        Register("PCROP1SR", 0x24, reset=0xFFFF_FFFF, read_only=True),
        Register("PCROP1ER", 0x28, reset=0x0FFF_0000, read_only=True),
        Register("WRP1AR", 0x2C, reset=0xFF00_FFFF, read_only=True),
        Register("WRP1BR", 0x30, reset=0xFF00_FFFF, read_only=True),
        Register("PCROP2SR", 0x44, reset=0xFFFF_FFFF, read_only=True),
        Register("PCROP2ER", 0x48, reset=0xFFFF_0000, read_only=True),
        Register("WRP2AR", 0x4C, reset=0xFF00_FFFF, read_only=True),
        Register("WRP2BR", 0x50, reset=0xFF00_FFFF, read_only=True),
    )

    def __init__(self, flash: Ram, page_bytes: int, damage: Callable[[int, int], int]) -> None:
        super().__init__()
        self._flash = flash
        self._page_bytes = page_bytes
        self._damage = damage
        self._expected_key = 0
        self._first: tuple[int, int] | None = None  # address and value of the first word of a pair
        self.on_change: Callable[[], None] = lambda: None
        self.on_setting: Callable[[FlashSetting], None] = lambda setting: None
        self.before_latency: Callable[[int], None] = lambda wait_states: None

    def reset(self) -> None:
        super().reset()
        self._expected_key = 0
        self._first = None
        self._tell_setting()

    @property
    def wait_states(self) -> int:
        """Wait states that the program has set."""
        return self[_ACR] & _LATENCY

    def program(self, address: int, size: int, value: int) -> int:
        """A store of `size` bytes to flash; gives what is there afterwards. Errors go to FLASH_SR."""
        old = int.from_bytes(self._flash.read(address, size), "little")
        first, self._first = self._first, None
        if not self[_CR] & _PG:
            error = _PGSERR
        elif size != 4 or (address & 7 and (first is None or first[0] != address - 4)):
            error = _SIZERR
        elif not address & 7:
            self._first = (address, value)
            return old
        else:
            assert first is not None
            return self._program_pair(first[0], (first[1], value))
        self[_SR] |= error
        return old

    def _program_pair(self, address: int, words: tuple[int, int]) -> int:
        """Programs a double word; gives its second half."""
        if self._flash.read(address, 8) != _ERASED and any(words):
            self[_SR] |= _PROGERR
        else:
            for place, word in zip((address, address + 4), words, strict=True):
                self._flash.write(place, self._damage(place, word).to_bytes(4, "little"))
            self._done()
        return int.from_bytes(self._flash.read(address + 4, 4), "little")

    def _done(self) -> None:
        if self[_CR] & _EOPIE:
            self[_SR] |= _EOP
        self.on_change()

    def erase_everything(self) -> None:
        """Erase both banks whatever the registers say."""
        self._flash.buffer[:] = b"\xff" * self._flash.size_bytes
        self.on_change()

    def _erase(self, control: int) -> None:
        bank_bytes = self._flash.size_bytes // 2
        chosen = [bank for bank, bit in enumerate((_MER1, _MER2)) if control & bit]
        if control & _PG or bool(control & _PER) == bool(chosen):
            self[_SR] |= _PGSERR
            return
        ranges = [(bank * bank_bytes, bank_bytes) for bank in chosen]
        if control & _PER:
            start = (control >> 3 & 0xFF) * self._page_bytes
            if start >= bank_bytes:
                self[_SR] |= _PGSERR
                return
            ranges = [(start + (bank_bytes if control & _BKER else 0), self._page_bytes)]
        for start, length in ranges:
            self._flash.buffer[start : start + length] = b"\xff" * length
        self._done()

    # Registers with an effect.

    def write_ACR(self, value: int) -> None:
        self.before_latency(value & _LATENCY)
        self[_ACR] = value
        self._tell_setting()

    def _tell_setting(self) -> None:
        access = self[_ACR]
        caches = (bool(access & bit) for bit in (_CODE_CACHE, _DATA_CACHE, _PREFETCH))
        self.on_setting(FlashSetting(self.wait_states, *caches))

    def write_KEYR(self, value: int) -> None:
        if not self[_CR] & _LOCK:
            return
        if value != _KEYS[self._expected_key]:
            raise UnmodelledAccessError(
                f"the program writes 0x{value:08X} to FLASH_KEYR, which is not the key: the flash stays locked "
                "until the next reset"
            )
        self._expected_key += 1
        if self._expected_key == len(_KEYS):
            self._expected_key = 0
            self[_CR] &= ~_LOCK

    def write_SR(self, value: int) -> None:
        self[_SR] &= ~value

    def write_CR(self, value: int) -> None:
        if self[_CR] & _LOCK:
            return  # the chip ignores it
        if value & (_OPTSTRT | _OBL_LAUNCH | _FSTPG):
            raise UnmodelledAccessError(
                f"the program writes 0x{value:08X} to FLASH_CR: the virtual board models neither option bytes "
                "nor fast programming"
            )
        self[_CR] = value & ~_STRT | self[_CR] & _OPTLOCK
        if value & _STRT:
            self._erase(value)

    def write_PDKEYR(self, value: int) -> None:
        raise UnmodelledAccessError(
            "the program powers the flash down, which the virtual board does not model"
        )

    def write_OPTKEYR(self, value: int) -> None:
        raise UnmodelledAccessError(
            "the program unlocks the option bytes, which the virtual board does not model"
        )
