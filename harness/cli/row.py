"""One measured row as a table."""

from collections.abc import Sequence

from rich.table import Table

from harness.config.kinds import NO_CHIP, kind_names, load_kind
from harness.measure import SPREAD_LIMIT, Accuracy, wilson_interval
from harness.store import Measurement
from harness.units import format_kib, format_percent, format_us


def row_table(row: Measurement, shifted: Sequence[Measurement] = ()) -> Table:
    """The figures of a row that fits and did not fail, and how those of shifted images differ."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("board", row.board + _board_note(row))
    table.add_row("model", f"{row.model_name}  {row.model_sha256[:12]}")
    if row.latency_us is not None:
        _add_latency(table, row, shifted)
    if row.energy_uj is not None and row.power_uw is not None:
        table.add_row(
            "energy",
            f"{row.energy_uj:,.1f} uJ an inference, {row.power_uw / 1000:.2f} mW by {row.meter}"
            + (f" at {row.supply_mv / 1000:g} V" if row.supply_mv else ""),
        )
        table.add_row(
            "windows",
            f"{len(row.windows_uj)} of {row.iterations} inferences ({row.rules}), {row.spread or 0.0:.2%} apart",
        )
    if row.flash_bytes is not None and row.ram_bytes is not None:
        table.add_row("flash", format_kib(row.flash_bytes))
        table.add_row("RAM", f"{format_kib(row.ram_bytes)}, {row.stack_used_bytes} bytes of stack used")
    if row.accuracy is not None and row.accuracy_low is not None and row.accuracy_high is not None:
        table.add_row(
            "accuracy",
            f"{format_percent(row.accuracy)} of {row.samples} samples ({row.split}), "
            f"95 % interval {format_percent(row.accuracy_low)} to {format_percent(row.accuracy_high)}",
        )
    if row.auc is not None and row.auc_low is not None and row.auc_high is not None:
        table.add_row("AUC", f"{row.auc:.4f}, 95 % interval {row.auc_low:.4f} to {row.auc_high:.4f}")
    if row.load is not None:
        again = f", {row.retries} sent again" if row.retries else ""
        table.add_row("samples by", row.load + again)
    if row.image_sha256 is not None:
        table.add_row("compiler", str(row.compiler))
        table.add_row("image", row.image_sha256[:12])
    return table


def classes_table(answers: Accuracy) -> Table:
    """Each class with its samples and the share answered rightly."""
    table = Table("class", "samples", "correct", "share", "95 % interval", box=None, pad_edge=False)
    for column in table.columns:
        column.justify = "right"
    for found in answers.classes:
        low, high = wilson_interval(found.correct, found.samples)
        share = format_percent(found.correct / found.samples)
        interval = f"{format_percent(low)} to {format_percent(high)}"
        table.add_row(str(found.label), str(found.samples), str(found.correct), share, interval)
    return table


def _add_latency(table: Table, row: Measurement, shifted: Sequence[Measurement]) -> None:
    assert row.latency_us is not None
    cycles = f"  {row.cycles:,} cycles at {row.clock_hz / 1e6:g} MHz" if row.cycles and row.clock_hz else ""
    table.add_row("latency", format_us(row.latency_us) + cycles)
    spread = row.spread or 0.0
    flag = f", more than {SPREAD_LIMIT:.0%}: look at windows_us" if spread > SPREAD_LIMIT else ""
    table.add_row(
        "windows",
        f"{len(row.windows_us)} of {row.iterations} inferences ({row.rules}), {spread:.2%} apart{flag}",
    )
    others = [other.latency_us for other in shifted if other.latency_us is not None]
    if others:
        apart = (max(row.latency_us, *others) - min(row.latency_us, *others)) / row.latency_us
        table.add_row("alignment", f"{apart:.2%} between {len(others) + 1} places of the code")
    if row.macs and row.cycles:
        table.add_row("work", f"{row.macs:,} MACs, {row.cycles / row.macs:.2f} cycles each")


def _board_note(row: Measurement) -> str:
    if not row.virtual:
        return ""
    what = "latency is an estimate" if row.energy_uj is None else "energy is simulated"
    of = f" of {NO_CHIP}" if row.kind in kind_names() and load_kind(row.kind).virtual_only else ""
    return f"  (virtual: {what}{of})"
