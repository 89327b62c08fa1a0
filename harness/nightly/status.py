"""How the nights stand."""

from dataclasses import asdict, dataclass
from typing import Any

from harness.bench.quarantine import quarantined
from harness.nightly.lock import night_under_way
from harness.nightly.schedule import next_runs
from harness.store import HEALTH, Night, Store

_NIGHTS = 30


@dataclass(frozen=True)
class BoardHealth:
    """A board as the last nights saw it.

    Attributes:
        board: The unit.
        state: `ok`, what its last health check said, or since when it is in quarantine.
        night: The last night that checked it.
        faults_in_a_row: Failures since it last finished a job.
    """

    board: str
    state: str
    night: int
    faults_in_a_row: int


@dataclass(frozen=True)
class Status:
    """What `harness nightly status` tells.

    Attributes:
        last: The last night; None before the first.
        under_way: Whether a night runs now.
        next_runs: Installed timer -> when it runs next.
        boards: Those of the last nights, by name.
    """

    last: Night | None
    under_way: bool
    next_runs: dict[str, str]
    boards: tuple[BoardHealth, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        found = [f"last: {self._last()}"]
        found += [f"next: {when or 'not known'} ({name})" for name, when in self.next_runs.items()]
        if not self.next_runs:
            found.append("next: no timer is installed; `harness nightly install` makes one")
        for board in self.boards:
            faults = board.faults_in_a_row
            again = f", {faults} failure{'s in a row' if faults > 1 else ''}" if faults else ""
            found.append(f"{board.board}: {board.state} (night {board.night}){again}")
        return found

    def _last(self) -> str:
        if self.last is None:
            return "no night yet"
        began = self.last.started_utc[:16].replace("T", " ")
        if self.last.ended_utc is not None:
            return f"{began} UTC, exit code {self.last.exit_code}: {self.last.summary}"
        how = "under way" if self.under_way else "stopped before its end"
        return f"{began} UTC, night {self.last.id} {how}, {len(self.last.results)} results so far"


def read_status(store: Store | None) -> Status:
    """How the nights of a store stand; None before there is one.

    Raises:
        StoreError: It cannot be read.
        InputError: The file of boards in quarantine is damaged.
    """
    if store is None:
        return Status(last=None, under_way=False, next_runs=next_runs(), boards=())
    nights = store.nights(_NIGHTS)
    aside = {entry.unit: f"in quarantine since {entry.since}: {entry.reason}" for entry in quarantined()}
    boards: dict[str, BoardHealth] = {}
    for night in nights:
        for result in night.results:
            if result.job == HEALTH and result.board not in boards:
                state = aside.get(result.board) or (result.sentence or "ok")
                faults = store.faults_in_a_row(result.board)
                boards[result.board] = BoardHealth(result.board, state, night.id, faults)
    return Status(
        last=nights[0] if nights else None,
        under_way=night_under_way(store.folder),
        next_runs=next_runs(),
        boards=tuple(sorted(boards.values(), key=lambda board: board.board)),
    )
