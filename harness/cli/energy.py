"""`harness energy`: energy of inferences from a trace that another tool has recorded."""

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from harness.cli.output import json_option


@click.command()
@click.argument("trace", type=click.Path(path_type=Path))
@click.option(
    "--iterations", type=click.IntRange(1), required=True, help="Inferences in each window, as 'infer N' ran."
)
@click.option(
    "--supply-mv", type=click.IntRange(1), help="Supply voltage, where the trace has currents only."
)
@json_option
def energy(trace: Path, iterations: int, supply_mv: int | None, json_path: Path | None) -> None:
    """Cut TRACE, a CSV file of any power meter, at the falling edges of the time stamp's pin.

    \b
    Columns, others are ignored:
      time_s, time_ms or time_us
      power_w, power_mw or power_uw; or current_a, current_ma or current_ua
      voltage_v or voltage_mv, where there is neither a power nor --supply-mv
      pin: level of the time stamp's pin, 0 or 1

    \b
    Example:
      harness energy trace.csv --iterations 100 --supply-mv 1800
    """
    from rich.table import Table

    from harness.cli.output import console_beside, write_json
    from harness.measure.meters import read_csv_trace

    windows = read_csv_trace(trace, supply_mv / 1000 if supply_mv else None).windows(f"csv {trace}")
    write_json(
        [
            {
                **asdict(window),
                "power_uw": window.power_uw,
                "energy_uj_per_inference": window.energy_uj / iterations,
            }
            for window in windows
        ],
        json_path,
    )
    table = Table("window", "seconds", "mean power", "energy an inference", box=None, pad_edge=False)
    for column in table.columns:
        column.justify = "right"
    for number, window in enumerate(windows, start=1):
        table.add_row(
            str(number),
            f"{window.seconds:.3f}",
            f"{window.power_uw / 1000:.3f} mW",
            f"{window.energy_uj / iterations:,.3f} uJ",
        )
    console_beside(json_path).print(table)
