"""RCC (RM0351 and RM0432, chapter 6): oscillators, PLL, the clock of the core and the gates of peripherals."""

from collections.abc import Callable

from harness.virtual.clock import Clock
from harness.virtual.registers import Peripheral, Register, UnmodelledAccessError

_CR, _CFGR, _PLLCFGR, _CCIPR, _CSR = 0x00, 0x08, 0x0C, 0x88, 0x94
_MSION, _MSIRDY, _HSION, _HSIRDY = 1 << 0, 1 << 1, 1 << 8, 1 << 10
_HSEON, _PLLON, _PLLRDY, _PLLSAI1ON, _PLLSAI2ON = 1 << 16, 1 << 24, 1 << 25, 1 << 26, 1 << 28
_MSIRGSEL, _RMVF = 1 << 3, 1 << 23
_MSI, _HSI16, _HSE, _PLL = range(4)
_PLL_SOURCE = {1: _MSI, 2: _HSI16}
_PLLREN = 1 << 24
HSI16_HZ = 16_000_000
_MSI_HZ = (
    100_000, 200_000, 400_000, 800_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000, 16_000_000, 24_000_000,
    32_000_000, 48_000_000,
)  # fmt: skip
_MSI_AFTER_RESET = 6  # until MSIRGSEL lets CR choose


class Clocks(Peripheral):
    """Oscillators and the PLL are ready at once. HSE and the PLLs of other peripherals are not there.

    Args:
        clock: The board's time, whose rate follows the core's clock.
    """

    NAME = "RCC"
    BASE = 0x4002_1000
    SIZE = 0x400
    REGISTERS = (
        Register("CR", _CR, reset=0x63),
        Register("ICSCR", 0x04, reset=0x4000_0000),
        Register("CFGR", _CFGR),
        Register("PLLCFGR", _PLLCFGR, reset=0x1000),
        Register("PLLSAI1CFGR", 0x10, reset=0x1000),
        Register("PLLSAI2CFGR", 0x14, reset=0x1000),
        Register("CIER", 0x18),
        Register("CIFR", 0x1C, read_only=True),
        Register("CICR", 0x20),
        Register("AHB1RSTR", 0x28),
        Register("AHB2RSTR", 0x2C),
        Register("AHB3RSTR", 0x30),
        Register("APB1RSTR1", 0x38),
        Register("APB1RSTR2", 0x3C),
        Register("APB2RSTR", 0x40),
        Register("AHB1ENR", 0x48, reset=0x100),
        Register("AHB2ENR", 0x4C),
        Register("AHB3ENR", 0x50),
        Register("APB1ENR1", 0x58),
        Register("APB1ENR2", 0x5C),
        Register("APB2ENR", 0x60),
        Register("AHB1SMENR", 0x68, reset=0x0001_1303),
        Register("AHB2SMENR", 0x6C, reset=0x0005_32FF),
        Register("AHB3SMENR", 0x70, reset=0x0000_0101),
        Register("APB1SMENR1", 0x78, reset=0xF2FE_CA3F),
        Register("APB1SMENR2", 0x7C, reset=0x0000_0025),
        Register("APB2SMENR", 0x80, reset=0x0167_7C01),
        Register("CCIPR", _CCIPR),
        Register("BDCR", 0x90),
        Register("CSR", _CSR, reset=0x0C00_0600),
        Register("CRRCR", 0x98),
        Register("CCIPR2", 0x9C),
    )

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.before_change: Callable[[int], None] = lambda hz: None
        self._apply()

    def reset(self) -> None:
        super().reset()
        self._apply()

    # Frequencies.

    @property
    def core_hz(self) -> int:
        """HCLK: the core, the buses and SysTick."""
        prescaler = self[_CFGR] >> 4 & 0xF
        shift = 0 if prescaler < 8 else (1, 2, 3, 4, 6, 7, 8, 9)[prescaler - 8]
        return self._source_hz(self[_CFGR] >> 2 & 3) >> shift

    def bus_hz(self, bus: int) -> int:
        """PCLK1 or PCLK2."""
        prescaler = self[_CFGR] >> (8 if bus == 1 else 11) & 7
        return self.core_hz >> (0 if prescaler < 4 else prescaler - 3)

    def kernel_hz(self, shift: int, bus: int) -> int:
        """Clock of a serial peripheral, chosen by two bits of CCIPR at `shift`."""
        choice = self[_CCIPR] >> shift & 3
        if choice == 3:
            raise UnmodelledAccessError(
                "the program clocks a UART from LSE, which the virtual board does not have"
            )
        return (self.bus_hz(bus), self._source_hz(self[_CFGR] >> 2 & 3), HSI16_HZ)[choice]

    def gate(self, offset: int, bit: int) -> Callable[[], bool]:
        """Asks whether the enable register at `offset` has `bit` set."""
        return lambda: bool(self[offset] >> bit & 1)

    def _source_hz(self, source: int) -> int:
        if source == _MSI:
            chosen = self[_CR] >> 4 & 0xF if self[_CR] & _MSIRGSEL else _MSI_AFTER_RESET
            return _MSI_HZ[chosen]
        return HSI16_HZ if source == _HSI16 else self._pll_hz()

    def _pll_hz(self) -> int:
        setting = self[_PLLCFGR]
        source = _PLL_SOURCE.get(setting & 3)
        if source is None:
            raise UnmodelledAccessError("the program feeds the PLL from HSE or nothing; use MSI or HSI16")
        into = self._source_hz(source) // ((setting >> 4 & 0xF) + 1)
        vco = into * (setting >> 8 & 0x7F)
        if not 2_660_000 <= into <= 16_000_000 or not 64_000_000 <= vco <= 344_000_000:
            raise UnmodelledAccessError(
                f"the program sets the PLL to {into} Hz in and {vco} Hz inside; it takes 2.66 to 16 MHz and "
                "64 to 344 MHz"
            )
        return vco // (2 * (setting >> 25 & 3) + 2)

    # Registers with an effect.

    def write_CR(self, value: int) -> None:
        if value & (_HSEON | _PLLSAI1ON | _PLLSAI2ON):
            raise UnmodelledAccessError(
                "the program starts HSE or an audio PLL, which the virtual board does not model"
            )
        ready = 0
        for on, flag in ((_MSION, _MSIRDY), (_HSION, _HSIRDY), (_PLLON, _PLLRDY)):
            ready |= flag if value & on else 0
        self[_CR] = value & ~(_MSIRDY | _HSIRDY | _PLLRDY) | ready
        if ready & _PLLRDY:
            self._pll_hz()
        self._apply()

    def write_PLLCFGR(self, value: int) -> None:
        if self[_CR] & _PLLON:
            raise UnmodelledAccessError("the program changes RCC_PLLCFGR while the PLL runs; it must be off")
        self[_PLLCFGR] = value

    def write_CFGR(self, value: int) -> None:
        source = value & 3
        running = {_MSI: _MSIRDY, _HSI16: _HSIRDY, _PLL: _PLLRDY}.get(source, 0)
        usable = bool(self[_CR] & running) and (source != _PLL or bool(self[_PLLCFGR] & _PLLREN))
        status = source if usable else self[_CFGR] >> 2 & 3
        self[_CFGR] = value & ~0xC | status << 2
        self._apply()

    def write_CSR(self, value: int) -> None:
        self[_CSR] = value & 0xFFFF if value & _RMVF else value

    def write_CICR(self, value: int) -> None:
        """Clears interrupt flags, of which there are none."""

    def _apply(self) -> None:
        hz = self.core_hz
        self.before_change(hz)
        self._clock.run_at(hz)
