"""One measured row as a table."""

from rich.table import Table

from harness.config.kinds import NO_CHIP, load_kind
from harness.store import Measurement
from harness.units import format_kib, format_percent, format_us


def row_table(row: Measurement) -> Table:
    """The figures of a row that fits and did not fail."""
    assert row.latency_us is not None and row.cycles is not None and row.clock_hz is not None
    assert row.flash_bytes is not None and row.ram_bytes is not None and row.stack_used_bytes is not None
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("board", row.board + _board_note(row))
    table.add_row("model", f"{row.model_name}  {row.model_sha256[:12]}")
    table.add_row(
        "latency", f"{format_us(row.latency_us)}  {row.cycles:,} cycles at {row.clock_hz / 1e6:g} MHz"
    )
    if row.macs:
        table.add_row("work", f"{row.macs:,} MACs, {row.cycles / row.macs:.2f} cycles each")
    table.add_row("flash", format_kib(row.flash_bytes))
    table.add_row("RAM", f"{format_kib(row.ram_bytes)}, {row.stack_used_bytes} bytes of stack used")
    if row.accuracy is not None and row.accuracy_low is not None and row.accuracy_high is not None:
        table.add_row(
            "accuracy",
            f"{format_percent(row.accuracy)} of {row.samples} samples ({row.split}), "
            f"95 % interval {format_percent(row.accuracy_low)} to {format_percent(row.accuracy_high)}",
        )
    table.add_row("compiler", str(row.compiler))
    table.add_row("image", str(row.image_sha256)[:12])
    return table


def _board_note(row: Measurement) -> str:
    if not row.virtual:
        return ""
    of = f" of {NO_CHIP}" if load_kind(row.kind).virtual_only else ""
    return f"  (virtual: latency is an estimate{of})"
