"""Options that choose rows of the store."""

import functools
from collections.abc import Callable
from typing import Any

import rich_click as click

_FILTERS = {
    "board": "Only rows of this unit.",
    "kind": "Only rows of this kind of board.",
    "model": "Only rows of the model called so.",
    "candidate": "Only rows of this candidate.",
    "mode": "Only rows of this mode.",
    "status": "Only rows that are ok, or that failed.",
}


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options `--board`, `--kind`, ...; it gets them as `filters`, as the store takes them."""

    @functools.wraps(command)
    def with_filters(**options: Any) -> None:
        chosen = {name: options.pop(name) for name in _FILTERS}
        chosen["model_name"] = chosen.pop("model")
        command(filters={name: value for name, value in chosen.items() if value is not None}, **options)

    decorated: Callable[..., None] = with_filters
    for name, words in reversed(_FILTERS.items()):
        kind = click.Choice(["ok", "failed"]) if name == "status" else None
        decorated = click.option(f"--{name}", type=kind, metavar=None if kind else "NAME", help=words)(
            decorated
        )
    return decorated
