"""A layer profile as a table."""

from rich.table import Table

from harness.measure import LayerProfile


def layer_table(profile: LayerProfile) -> Table:
    """Each layer with kernel, work, cycles and share of the whole; what is between them as `rest`."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("layer", overflow="fold")
    table.add_column("kernel", overflow="fold")
    for name in ("MACs", "cycles", "cycles/MAC", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    whole = profile.whole_cycles
    for layer in profile.layers:
        each = f"{layer.cycles / layer.macs:.2f}" if layer.macs else ""
        work = f"{layer.macs:,}" if layer.macs else ""
        table.add_row(
            layer.name, layer.kernel, work, f"{layer.cycles:,}", each, f"{layer.cycles / whole:.1%}"
        )
    table.add_row("rest", "", "", f"{profile.rest_cycles:,}", "", f"{profile.rest_cycles / whole:.1%}")
    macs = sum(layer.macs for layer in profile.layers)
    each = f"{whole / macs:.2f}" if macs else ""
    table.add_row("all", "", f"{macs:,}", f"{whole:,}", each, "100.0%", style="bold")
    return table
