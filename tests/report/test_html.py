"""The HTML report: whole, offline, escaped, and alive in a real browser."""

import html
import json
import re
from pathlib import Path

import pytest

from harness.errors import InputError
from harness.report.html import write_report
from harness.report.svg import write_svgs
from harness.store import Decision, Store
from tests.report.conftest import Browse
from tests.report.studies import fill, row


def _outside_scripts(page: str) -> str:
    return re.sub(r"<script\b.*?</script>", "", page, flags=re.DOTALL)


def test_report_says_what_was_asked_and_chosen(store: Store, tmp_path: Path) -> None:
    page = write_report(store, fill(store), tmp_path / "out" / "report.html").read_text()
    text = html.unescape(_outside_scripts(page))
    assert (
        "Asked for the depth cut of vww to run on desk-nrf52, with latency up to 600 ms, flash up to 128 KB "
        "and accuracy within 1 point of the unpruned model." in text
    )
    assert "block6-aux is the fastest of 3 candidates within the limits" in text
    assert "1.64 times as fast as unpruned (904.00 ms)" in text
    assert "5.50 points less accurate, 1 allowed" in text
    assert "1 failure of the bench, none held against a candidate" in text
    assert "zig clang 20.1.2" in text
    assert "cd" * 32 in text
    assert "14 of 15 candidates measured, 1 not measured because the bench failed" in text
    assert "estimate" not in text


def test_file_needs_nothing_else(store: Store, tmp_path: Path) -> None:
    page = write_report(store, fill(store), tmp_path / "report.html").read_text()
    assert not re.search(r"<(link|img|iframe)\b|\bsrc=|\bhref=|url\(", _outside_scripts(page))
    assert set(re.findall(r"\n<script[^>]*>", page)) == {
        "\n<script>",
        *(f'\n<script type="application/json" id="chart-0-{name}">' for name in ("tradeoff", "flash", "ram")),
    }
    assert "@import" not in _outside_scripts(page)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["report.html", "results"]


def test_virtual_board_is_called_an_estimate_and_unfit_sizes_are_shown(store: Store, tmp_path: Path) -> None:
    page = write_report(store, fill(store, boards=("desk-nrf52", "virtual:nrf51-dk")), tmp_path / "r.html")
    text = html.unescape(_outside_scripts(page.read_text()))
    assert "its latency is an estimate" in text
    assert "does not fit: needs 151,756 bytes of RAM, the board has 32,768" in text
    assert '<option value="1">virtual:nrf51-dk (virtual)</option>' in text


HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"


def test_names_are_escaped(store: Store, tmp_path: Path, browse: Browse) -> None:
    study = fill(store)
    store.add(
        row(
            HOSTILE,
            HOSTILE,
            study=study,
            head=HOSTILE,
            cut=HOSTILE,
            latency_us=1e5,
            accuracy=0.9,
            flash_bytes=1024,
            ram_bytes=1024,
            compiler=HOSTILE,
        )
    )
    store.add(row(HOSTILE, "x", study=study, status="failed", failure=HOSTILE))
    store.save_decision(
        study, HOSTILE, Decision(candidate=HOSTILE, sentence=HOSTILE, verdicts={HOSTILE: HOSTILE})
    )
    path = write_report(store, study, tmp_path / "report.html")
    assert "<img" not in path.read_text().split("<script>")[0]
    page, console = browse(path)
    assert "<title>vww-desk" in page
    assert "<img" not in _outside_scripts(page)
    assert console == []
    assert _outside_scripts(page).count("<svg") == 6


def test_charts_are_drawn_in_a_browser(store: Store, tmp_path: Path, browse: Browse) -> None:
    path = write_report(store, fill(store), tmp_path / "report.html")
    page, console = browse(path)
    assert console == []
    assert 'data-charts="drawn"' in page
    drawn = re.findall(r"<svg.*?</svg>", _outside_scripts(page), flags=re.DOTALL)
    assert len(drawn) == 3
    trade_off, flash, ram = drawn
    assert "limit 600 ms" in trade_off
    assert "limit 79.40 %" in trade_off
    assert ">block6-aux<" in trade_off
    assert trade_off.count("95 % interval") >= 14
    assert "limit 128" in flash
    assert "board 256" in ram
    assert "NaN" not in "".join(drawn)


def test_the_legend_names_the_control(store: Store, tmp_path: Path, browse: Browse) -> None:
    study = fill(store)
    store.add(
        row(
            "desk-nrf52",
            "unpruned-trained",
            study=study,
            head="none",
            latency_us=700e3,
            accuracy=0.83,
            status="ok",
        )
    )
    page, _ = browse(write_report(store, study, tmp_path / "report.html"))
    legend = [text for text in re.findall(r">([^<>]+)</text>", _outside_scripts(page)) if "unpruned" in text]
    assert "unpruned, trained on" in legend and "unpruned model" in legend


def _profile(store: Store, layers: int) -> str:
    fields = {
        "layers": [
            {
                "name": f"{n:02}_conv_2d",
                "kernel": "k",
                "macs": 1000,
                "cycles": 64_000 * (n + 1),
                "constants_bytes": 9,
            }
            for n in range(layers)
        ],
        "whole_cycles": 1,
    }
    return store.artifacts.put(json.dumps(fields).encode(), ".json")


def _add_layers(store: Store) -> None:
    for name, cut, layers in (("unpruned", None, 5), ("block6-aux", "block6", 3)):
        profile = _profile(store, layers)
        store.add(row("desk-nrf52", name, cut=cut, study="vww-desk", mode="profile", layers_sha256=profile))


def test_layers_of_the_choice_stand_beside_those_of_the_unpruned(
    store: Store, tmp_path: Path, browse: Browse
) -> None:
    study = fill(store)
    _add_layers(store)
    page, console = browse(write_report(store, study, tmp_path / "report.html"))
    assert console == []
    layers = re.findall(r"<svg.*?</svg>", _outside_scripts(page), flags=re.DOTALL)[3]
    assert all(f">{name}<" in layers for name in ("00_conv_2d", "04_conv_2d", "unpruned", "block6-aux"))
    assert len(re.findall(r"cycles a MAC: ", layers)) == 8


def test_charts_as_files(store: Store, tmp_path: Path) -> None:
    study = fill(store)
    _add_layers(store)
    files = write_svgs(store, study, tmp_path / "figures")
    assert [path.name for path in files] == [
        f"desk-nrf52-{name}.svg" for name in ("tradeoff", "flash", "ram", "layers")
    ]
    for path in files:
        text = path.read_text()
        assert text.startswith("<svg") and "var(--" not in text and "NaN" not in text


@pytest.mark.parametrize(
    ("column", "clicks", "first", "last"),
    [
        (3, 1, "conv1-dense", "block9-aux"),
        (3, 2, "unpruned", "block9-aux"),
        (0, 1, "conv1-aux", "block9-aux"),
        (1, 1, "unpruned", "conv1-dense"),
    ],
)
def test_table_sorts_by_its_headers(
    store: Store, tmp_path: Path, browse: Browse, column: int, clicks: int, first: str, last: str
) -> None:
    path = write_report(store, fill(store), tmp_path / "report.html")
    press = f"document.querySelectorAll('.sortable button')[{column}].click();"
    before, _, after = path.read_text().rpartition("</body>")
    path.write_text(f"{before}<script>{press * clicks}</script></body>{after}")
    page, console = browse(path)
    assert console == []
    table = page[page.index('<table class="sortable">') : page.index("</table>")]
    names = re.findall(r'<th scope="row"[^>]*>([^< ]+)', table)
    assert len(names) == 15
    assert (names[0], names[-1]) == (first, last)


@pytest.mark.parametrize("rows", [0, 1])
def test_study_without_much_in_it(store: Store, tmp_path: Path, browse: Browse, rows: int) -> None:
    store.open_study("early", "digits", {"boards": ["desk"]})
    for _ in range(rows):
        store.add(
            row("desk", "b1-gap", study="early", cut="b1", kind="gone-kind", latency_us=412.0, flash_bytes=9)
        )
    path = write_report(store, "early", tmp_path / "report.html")
    text = html.unescape(_outside_scripts(path.read_text()))
    assert "with no limits" in text
    assert ("Nothing has been measured on desk yet." in text) == (rows == 0)
    assert ("No choice has been made on desk yet." in text) == (rows == 1)
    page, console = browse(path)
    assert console == []
    assert 'data-charts="drawn"' in page


def test_faults_are_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no study 'none'"):
        write_report(store, "none", tmp_path / "report.html")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot write the report"):
        write_report(store, fill(store), tmp_path / "file" / "report.html")
