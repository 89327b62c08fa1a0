"""`harness nightly`."""

from contextlib import nullcontext
from pathlib import Path

import rich_click as click

from harness.cli.boards_quarantine import quarantine
from harness.cli.nightly_run import run
from harness.cli.options import results_option
from harness.cli.output import STDOUT, json_option, write_json


@click.group()
def nightly() -> None:
    """Measure a plan again and again, and tell what got worse."""


nightly.add_command(run)
nightly.add_command(quarantine)


@nightly.command()
@click.argument("plan_file", metavar="[PLAN]", type=click.Path(path_type=Path), default=Path("nightly.toml"))
@click.option("--at", default="02:15", show_default=True, metavar="HH:MM", help="Local time of day.")
@click.option("--cron", is_flag=True, help="Only print a line for `crontab -e`.")
@json_option
@results_option
def install(plan_file: Path, at: str, cron: bool, json_path: Path | None, results_dir: Path) -> None:
    """Run PLAN every night: write and enable a systemd user timer, or print a line for cron without systemd.

    The timer makes up for nights in which the machine was off; cron does not.

    \b
    Examples:
      harness nightly install nightly.toml --at 01:30
      harness nightly install nightly.toml --cron
    """
    from harness.nightly import read_plan
    from harness.nightly import schedule as schedules

    read_plan(plan_file)
    schedule = schedules.Schedule(plan_file.resolve(), results_dir.resolve(), at)
    reason = "--cron was given" if cron else schedules.install(schedule)
    timer = f"{schedule.name}.timer" if reason is None else None
    facts = {"timer": timer, "at": at, "plan": str(schedule.plan), "cron_line": schedule.cron_line}
    write_json(facts | {"no_timer_because": reason}, json_path)
    if json_path == STDOUT:
        return
    if timer is not None:
        click.echo(f"{timer} runs {plan_file} every night at {at}.")
        click.echo("For nights in which you are not logged in: loginctl enable-linger")
        return
    if not cron:
        click.echo(f"No systemd timer ({reason}). Add this line with `crontab -e`:", err=True)
    click.echo(schedule.cron_line)


@nightly.command()
@json_option
@results_option
def status(json_path: Path | None, results_dir: Path) -> None:
    """Show the last night, the next one, and how each board of it is.

    \b
    Example:
      harness nightly status
    """
    from harness.nightly.status import read_status
    from harness.store import Store

    with Store(results_dir) if Store.is_in(results_dir) else nullcontext() as store:
        found = read_status(store)
    write_json(found.to_json(), json_path)
    if json_path == STDOUT:
        return
    for line in found.lines():
        click.echo(line)


@nightly.command()
@click.argument("job")
@click.option("--board", metavar="NAME", help="Only on this board.")
@json_option
@results_option
def accept(job: str, board: str | None, json_path: Path | None, results_dir: Path) -> None:
    """Let what got worse in JOB be the new normal: later nights compare with it and with what follows.

    \b
    Example:
      harness nightly accept kws --board desk-nrf52
    """
    from harness.errors import InputError
    from harness.store import Store

    with Store(results_dir, create=False) as store:
        count = store.accept_night_results(job, board)
    if not count:
        raise InputError(f"nothing got worse in the last night of job {job!r}; see `harness nightly status`")
    write_json({"job": job, "board": board, "accepted": count}, json_path)
    if json_path != STDOUT:
        click.echo(f"{count} result{'s' if count > 1 else ''} of {job} accepted.")
