"""The bars of the four MLPerf Tiny models, what was measured beside them, and both as a table."""

from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from harness.measure import LayerProfile
from harness.units import KIB


@dataclass(frozen=True)
class Bar:
    """What a figure must not exceed, and what it should not."""

    must: float
    goal: float

    def mark(self, value: float) -> str:
        """`++`, `+` or `-`."""
        return "++" if value <= self.goal else "+" if value <= self.must else "-"


@dataclass(frozen=True)
class Model:
    """A reference model: file name, what `profile` answers, boards beside the two standard ones, bars.

    `mcycles` has a bar for each core, in millions of cycles; `flash` and `ram` are in units of 1024 bytes.
    """

    file: str
    model_id: str
    mcycles: dict[str, Bar]
    flash: Bar
    ram: Bar
    more_boards: tuple[str, ...] = ()


MODELS = {
    "kws": Model(
        "kws_ref_model.tflite", "kws01", {"M4": Bar(4.5, 3.9), "M0": Bar(26, 18)},
        Bar(44, 38), Bar(20, 12), ("nrf51-dk",),
    ),
    "vww": Model(
        "vww_96_int8.tflite", "vww01", {"M4": Bar(9.3, 6.8), "M0": Bar(55, 36)}, Bar(130, 118), Bar(56, 40)
    ),
    "ic": Model(
        "pretrainedResnet_quant.tflite", "ic01", {"M4": Bar(17.2, 15), "M0": Bar(83, 64)},
        Bar(96, 88), Bar(50, 36),
    ),
    "ad": Model(
        "ad01_int8.tflite", "ad01", {"M4": Bar(0.42, 0.36), "M0": Bar(2.2, 1.7)}, Bar(280, 268), Bar(5, 4)
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One model on one board with one compiler; `unfit` says why it was not run, then there are no figures.

    Attributes:
        nominal_macs: Multiply-accumulates of the model as it is written.
        effective_macs: Those that one inference does: without channels that the build has removed.
        ram_bytes: All that is reserved: `static_bytes`, `arena_bytes` and `stack_bytes`.
        stack_used_bytes: Deepest use of the stack, in the run.
    """

    model: str
    board: str
    core: str
    compiler: str
    unfit: str | None = None
    cycles: int = 0
    nominal_macs: int = 0
    effective_macs: int = 0
    flash_bytes: int = 0
    ram_bytes: int = 0
    static_bytes: int = 0
    arena_bytes: int = 0
    stack_bytes: int = 0
    stack_used_bytes: int = 0
    layers: LayerProfile | None = None

    def to_json(self, bars: Model | None) -> dict[str, Any]:
        """All figures, and the marks of those that have a bar."""
        fields = asdict(self) | {"layers": self.layers.to_json() if self.layers else None}
        return fields | {"marks": marks(self, bars)}


def marks(result: Result, bars: Model | None) -> dict[str, str]:
    """Marks of `cycles`, `flash` and `ram`; none where there is no bar or no figure."""
    if bars is None or result.unfit:
        return {}
    return {
        "cycles": bars.mcycles[result.core].mark(result.cycles / 1e6),
        "flash": bars.flash.mark(result.flash_bytes / KIB),
        "ram": bars.ram.mark(result.ram_bytes / KIB),
    }


def table_of(results: list[Result]) -> Table:
    """A row a result; below each figure with a bar its must and goal."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("model", "core", "board", "compiler"):
        table.add_column(column, overflow="fold")
    columns = ("Mcycles", "must / goal", "MACs", "effective", "cycles/MAC", "flash KB", "must / goal", "RAM KB",
               "must / goal", "static", "arena", "stack used/kept")  # fmt: skip
    for column in columns:
        table.add_column(column, justify="right")
    for result in results:
        row = [result.model, result.core, result.board, result.compiler]
        bars = MODELS.get(result.model)
        if result.unfit:
            table.add_row(*row, "-", "does not fit", style="yellow")
            continue
        found = marks(result, bars)

        def cell(value: float, kind: str, digits: int, found: dict[str, str] = found) -> str:
            text = f"{value:.{digits}f}"
            colour = {"++": "bold green", "+": "green", "-": "red"}.get(found.get(kind, ""))
            return f"[{colour}]{text} {found[kind]:<2}[/]" if colour else text

        def bar(limit: Bar | None) -> str:
            return f"{limit.must:g} / {limit.goal:g}" if limit else ""

        table.add_row(
            *row,
            cell(result.cycles / 1e6, "cycles", 3),
            bar(bars.mcycles[result.core] if bars else None),
            f"{result.nominal_macs:,}",
            f"{result.effective_macs:,}",
            f"{result.cycles / result.effective_macs:.2f}" if result.effective_macs else "",
            cell(result.flash_bytes / KIB, "flash", 1),
            bar(bars.flash if bars else None),
            cell(result.ram_bytes / KIB, "ram", 1),
            bar(bars.ram if bars else None),
            f"{result.static_bytes:,}",
            f"{result.arena_bytes:,}",
            f"{result.stack_used_bytes:,}/{result.stack_bytes:,}",
        )
    return table
