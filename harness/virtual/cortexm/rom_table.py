"""CoreSight identification: the ROM table and the identity registers of each debug component."""

from harness.virtual.registers import Peripheral, Register

_CIDR_GENERIC, _CIDR_ROM = (0x0D, 0xE0, 0x05, 0xB1), (0x0D, 0x10, 0x05, 0xB1)
_PIDR_OFFSETS = (0xFE0, 0xFE4, 0xFE8, 0xFEC, 0xFD0, 0xFD4, 0xFD8, 0xFDC)
_CIDR_OFFSETS = (0xFF0, 0xFF4, 0xFF8, 0xFFC)

# Part numbers of Arm's components, by core.
PARTS = {
    "cortex-m0": {"SCS": 0x008, "DWT": 0x00A, "FPB": 0x00B, "ROM": 0x471},
    "cortex-m4": {"SCS": 0x00C, "DWT": 0x002, "FPB": 0x003, "ROM": 0x4C4},
}


def identity(part: int, rom: bool = False) -> tuple[Register, ...]:
    """Peripheral and component ID registers of an Arm component with this part number."""
    pidr = (part & 0xFF, 0xB0 | part >> 8, 0x0B, 0, 0x04, 0, 0, 0)  # JEP106 4:3B, Arm
    cidr = _CIDR_ROM if rom else _CIDR_GENERIC
    values = zip(_PIDR_OFFSETS + _CIDR_OFFSETS, pidr + cidr, strict=True)
    return tuple(Register(f"ID_{offset:03X}", offset, value, read_only=True) for offset, value in values)


class RomTable(Peripheral):
    """The table that tells a debugger which components the core has, and where."""

    NAME = "ROM table"
    BASE = 0xE00F_F000

    def __init__(self, core_type: str, components: tuple[Peripheral, ...]) -> None:
        entries = [(component.BASE - self.BASE) & 0xFFFF_F000 | 3 for component in components]
        rows = [Register(f"ENTRY{i}", 4 * i, value, read_only=True) for i, value in enumerate(entries)]
        rows += [Register("END", 4 * len(entries), count=16, read_only=True)]
        rows += [Register("MEMTYPE", 0xFCC, 1, read_only=True)]
        self.REGISTERS = (*rows, *identity(PARTS[core_type]["ROM"], rom=True))  # type: ignore[misc]
        super().__init__()
