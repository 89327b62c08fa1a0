"""What rows are taken to say; the terminal table."""

import io

import pytest
from rich.console import Console

from harness.errors import InputError
from harness.report.memory_bars import memory_bars
from harness.report.table import study_table
from harness.report.views import board_views, least_accuracy
from harness.report.words import DASH, limit_phrases, listed
from harness.store import Decision, Store
from tests.report.studies import fill, row


def test_front_holds_what_nothing_beats(store: Store) -> None:
    study = store.study(fill(store))
    (board,) = board_views(store, study)
    assert {view.name for view in board.candidates if view.on_front} == {
        "conv1-dense",
        "block2-dense",
        "block4-dense",
        "block2-aux",
        "block4-aux",
        "block6-dense",
        "block6-aux",
        "block8-aux",
    }
    assert board.unpruned is not None
    assert board.unpruned.name == "unpruned"
    assert least_accuracy(board, study) == pytest.approx(0.794)


def test_newest_rows_count_and_figures_come_from_several(store: Store) -> None:
    store.open_study("s", "kws", {"split": "test"})
    store.add(row("desk", "c", study="s", cut="b1", latency_us=500.0, flash_bytes=10, ram_bytes=5))
    store.add(row("desk", "c", study="s", cut="b1", latency_us=400.0, flash_bytes=11, ram_bytes=5))
    store.add(row("desk", "c", study="s", cut="b1", accuracy=0.8, mode="accuracy"))
    store.add(row("desk", "c", study="s", cut="b1", accuracy=0.9, split="search", mode="accuracy"))
    store.add(
        row("desk", "c", study="s", cut="b1", status="failed", failure="LinkError: desk: silent", fits=None)
    )
    ((view,),) = [board.candidates for board in board_views(store, store.study("s"))]
    assert view.latency_us == 400
    assert view.size_bytes("flash") == 11
    assert view.accuracy is not None
    assert view.accuracy.accuracy == 0.8
    assert view.failure is None
    assert view.on_front


def test_what_does_not_fit_shows_what_it_needs(store: Store) -> None:
    study = store.study(fill(store, boards=("virtual:nrf51-dk",)))
    (board,) = board_views(store, study)
    assert board.virtual
    assert all(not view.fits for view in board.candidates)
    assert board.candidates[0].size_bytes("ram") == 151_756
    assert board.candidates[0].size_bytes("flash") is None
    assert memory_bars(board, study, "flash") is None


def test_boards_come_in_the_order_asked(store: Store) -> None:
    store.open_study("s", "kws", {"boards": ["z", "a"]})
    store.add(row("a", "c", study="s"))
    assert [board.name for board in board_views(store, store.study("s"))] == ["z", "a"]


def _printed(store: Store, study: str, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(study_table(store, study))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_table_fits_80_columns_and_keeps_every_figure(store: Store) -> None:
    printed = _printed(store, fill(store, boards=("desk-nrf52", "virtual:nrf51-dk")))
    assert max(map(len, printed.splitlines())) <= 80
    lines = {line.split()[0]: line for line in printed.splitlines() if line.strip()}
    assert "* block6-aux    550.00 ms  81.2 ±2.4 %   81.2K   58.1K  chosen" in printed
    assert lines["conv1-dense"].split()[1:6] == [DASH, DASH, DASH, "40.0K", "does"]
    assert "latency is an estimate" in printed
    assert "No candidate meets the limits on virtual:nrf51-dk" in printed


def test_a_long_name_keeps_its_mark_and_its_verdict(store: Store) -> None:
    study, name = fill(store), "block11-dense-channels-c82"
    store.add(row("desk-nrf52", name, study=study, latency_us=110_410.0, accuracy=0.844))
    decision = Decision(candidate=name, sentence="It is the fastest.", verdicts={name: "chosen"})
    store.save_decision(study, "desk-nrf52", decision)
    for width in (80, 60):
        printed = _printed(store, study, width)
        (marked,) = (line for line in printed.splitlines() if line.startswith("*"))
        assert marked.startswith("* block11")
        assert "chosen" in marked


def test_table_takes_no_markup_from_names(store: Store) -> None:
    store.open_study("s", "kws", {})
    store.add(row("[red]desk[/red]", "[bold]c", study="s", status="failed", failure="[/nonsense]"))
    printed = _printed(store, "s", width=120)
    assert "[red]desk[/red]" in printed
    assert "[bold]c" in printed
    assert "[/nonsense]" in printed


def test_table_of_little(store: Store) -> None:
    store.open_study("s", "kws", {})
    assert "Nothing has been measured in study s yet." in _printed(store, "s")
    store.open_study("t", "kws", {"boards": ["desk"]})
    assert "nothing measured yet" in _printed(store, "t")
    with pytest.raises(InputError):
        study_table(store, "none")


def test_words() -> None:
    assert limit_phrases({"max_accuracy_drop": 1.0}) == ["accuracy within 1 point of the unpruned model"]
    assert limit_phrases({"max_latency_ms": 100.0, "min_accuracy": 0.9, "max_joule": 3}) == [
        "latency up to 100 ms",
        "accuracy from 90.00%",
        "max joule 3",
    ]
    assert [listed(list(parts)) for parts in ("", "a", "ab", "abc")] == ["", "a", "a and b", "a, b and c"]
