"""The `harness` command."""

import importlib
import sys
from typing import Any

import rich_click as click

from harness.errors import HarnessError

# Loaded when asked for, so that `harness --help` starts in a moment.
_VERBS = {
    "bench": "harness.cli.bench:bench",
    "boards": "harness.cli.boards:boards",
    "build": "harness.cli.build:build",
    "cuts": "harness.cli.cuts:cuts",
    "energy": "harness.cli.energy:energy",
    "completion": "harness.cli.completion:completion",
    "data": "harness.cli.data:data",
    "export": "harness.cli.export:export",
    "gc": "harness.cli.gc:gc",
    "measure": "harness.cli.measure:measure",
    "nightly": "harness.cli.nightly:nightly",
    "report": "harness.cli.report:report",
    "runs": "harness.cli.runs:runs",
    "search": "harness.cli.search:search",
    "shrink": "harness.cli.shrink:shrink",
    "submission": "harness.cli.submission:submission",
    "worker": "harness.cli.worker:worker",
}


class _Verbs(click.RichGroup):
    """Loads a verb's module on first use and turns the harness's errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module, name = _VERBS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except HarnessError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Stopped; what was finished is stored.", err=True)
            ctx.exit(130)


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tinyml-harness", prog_name="harness")
def cli() -> None:
    """Measure pruned tinyML models on Cortex-M boards, and choose the depth cut from what was measured.

    Boards are named as in your bench file, or `virtual:<kind>` for an emulated one.
    Exit codes: 0 done, 2 bad input, 3 build, 4 board, 5 measurement, 6 store, 7 nothing to choose, 8 flash,
    9 boot, 10 serial line, 11 protocol, 12 timer, 13 core fault, 14 wrong image, 15 power meter;
    `nightly run` ends with codes of its own (see its help).

    \b
    Examples:
      harness boards list
      harness bench model.tflite --board virtual:nrf52840-dk
      harness search --task digits --board virtual:nrf51-dk --max-accuracy-drop 2 --study first
      harness report first
    """


def main() -> None:
    """Entry point."""
    sys.exit(cli())
