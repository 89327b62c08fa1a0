"""`harness gc`."""

from collections import Counter
from pathlib import Path

import rich_click as click

from harness.cli.options import results_option
from harness.cli.output import STDOUT, json_option, write_json


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@json_option
@results_option
def gc(dry_run: bool, json_path: Path | None, results_dir: Path) -> None:
    """Remove files that nothing needs: artifacts no row, study or stage names, and what killed runs left.

    Rows are never removed, and no file that one of them names. Files younger than an hour stay, and the answers
    of a run that was killed, so that it can go on: for thirty days, or until its study is decided.

    \b
    Examples:
      harness gc --dry-run
      harness gc
    """
    from harness.bench.leftovers import dead_records
    from harness.store import Store
    from harness.store.garbage import Garbage, find_garbage, remove_garbage

    with Store(results_dir, create=False) as store:
        records = [Garbage(path, "record of a virtual board", path.stat().st_size) for path in dead_records()]
        found = [*find_garbage(store), *records]
        total_bytes = sum(item.size_bytes for item in found) if dry_run else remove_garbage(found)
    counts = Counter(item.what for item in found)
    write_json({"removed": not dry_run, "files": counts, "bytes": total_bytes}, json_path)
    if json_path == STDOUT:
        return
    if not found:
        click.echo("Nothing to remove.")
        return
    for what, count in counts.items():
        size_bytes = sum(item.size_bytes for item in found if item.what == what)
        click.echo(f"{count} of sort {what!r}: {size_bytes:,} bytes")
    click.echo(f"{total_bytes:,} bytes {'would be ' if dry_run else ''}freed.")
