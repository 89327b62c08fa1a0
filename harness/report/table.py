"""A study's candidates for the terminal."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.report import words
from harness.report.views import BoardView, CandidateView, board_views
from harness.store import Store


def study_table(store: Store, study: str) -> RenderableType:
    """Each board's candidates with their figures and why each was or was not chosen.

    Legible at 80 columns. Give it to a rich console.

    Raises:
        InputError: There is no such study.
        StoreError: The store cannot be read.
    """
    found = store.study(study)
    boards = board_views(store, found)
    if not boards:
        return Text(f"Nothing has been measured in study {found.name} yet.")
    return Group(*(part for board in boards for part in _board(board)))


def _board(board: BoardView) -> list[RenderableType]:
    title = Text.assemble((board.name, "bold"), f"  {board.title}")
    if board.virtual:
        title.append("  latency is an estimate", "yellow")
    if not board.candidates:
        return [title, Text("nothing measured yet", "dim"), Text()]
    table = Table(box=None, pad_edge=False, header_style="dim", expand=False)
    table.add_column("candidate", overflow="fold", min_width=10)
    table.add_column("latency", justify="right", no_wrap=True)
    table.add_column("accuracy", justify="right", no_wrap=True)
    table.add_column("flash", justify="right", no_wrap=True)
    table.add_column("RAM", justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold", min_width=10)
    for view in board.candidates:
        table.add_row(*_cells(view), style=_style(view))
    parts: list[RenderableType] = [title, table]
    if board.decision:
        parts.append(Text(board.decision.sentence, "bold" if board.decision.candidate else "yellow"))
    return [*parts, Text()]


def _cells(view: CandidateView) -> list[RenderableType]:
    # Text objects, as names may hold what rich would take for markup.
    size = [words.size(view, memory).removesuffix(" KB") + "K" for memory in ("flash", "ram")]
    cells = [
        words.latency(view),
        _accuracy(view),
        *(words.DASH if cell.startswith(words.DASH) else cell for cell in size),
        view.verdict,
    ]
    return [_marked(view), *map(Text, cells)]


def _marked(view: CandidateView) -> Table:
    """The name behind its mark, so that a long one does not leave the mark on a line of its own."""
    cell = Table.grid(padding=(0, 1, 0, 0))
    cell.add_column(no_wrap=True)
    cell.add_column(overflow="fold")
    cell.add_row(Text("*" if view.chosen else " "), Text(view.name))
    return cell


def _accuracy(view: CandidateView) -> str:
    """Percent with the half width of its interval: `90.2 ±1.8`."""
    row = view.accuracy
    if row is None or row.accuracy is None:
        return words.DASH
    if row.accuracy_low is None or row.accuracy_high is None:
        return f"{row.accuracy * 100:.1f} %"
    return f"{row.accuracy * 100:.1f} \N{PLUS-MINUS SIGN}{(row.accuracy_high - row.accuracy_low) * 50:.1f} %"


def _style(view: CandidateView) -> str:
    if view.chosen:
        return "bold green"
    return "dim" if not view.fits or view.failure else ""
