"""bench.toml: what is accepted, and that each fault names file, key and value."""

from pathlib import Path

import pytest

from harness.bench import list_boards, load_bench, resolve
from harness.errors import InputError

GOOD = """
[desk]
kind = "nrf52840-dk"
probe = "683377322"
port = "/dev/ttyACM0"

[shelf]
kind = "nrf51-dk"
probe = "480"
port = "/dev/ttyACM1"
baud = 921600
power = "hub 1"
"""


@pytest.fixture
def bench_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bench.toml"
    monkeypatch.setenv("HARNESS_BENCH_FILE", str(path))
    return path


def test_units(bench_file: Path) -> None:
    bench_file.write_text(GOOD)
    units = load_bench()
    assert list(units) == ["desk", "shelf"]
    assert resolve("shelf") == units["shelf"]
    assert (units["shelf"].baud, units["shelf"].power, units["desk"].baud) == (921600, "hub 1", None)
    assert not units["desk"].virtual


def test_no_file_means_no_units(bench_file: Path) -> None:
    assert load_bench() == {}


def test_virtual_unit(bench_file: Path) -> None:
    unit = resolve("virtual:nrf51-dk")
    assert (unit.name, unit.kind, unit.virtual) == ("virtual:nrf51-dk", "nrf51-dk", True)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("desc", "did you mean 'desk'?"),
        ("virtual:nrf51-kd", "did you mean 'nrf51-dk'?"),
        ("zzz", "known boards: desk"),
    ],
)
def test_unknown_board_gets_a_hint(bench_file: Path, given: str, hint: str) -> None:
    bench_file.write_text(GOOD)
    with pytest.raises(InputError, match="unknown board") as caught:
        resolve(given)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("power", "powr"), ("shelf", "powr", "hub 1")),
        (('port = "/dev/ttyACM0"', 'port = ""'), ("desk", "port", "''")),
        (('port = "/dev/ttyACM0"', 'port = "  "'), ("desk", "port")),
        (('probe = "480"', ""), ("shelf", "probe")),
        (('"480"', '"683377322"'), ("desk", "shelf", "probe", "683377322")),
        (('"/dev/ttyACM1"', '"/dev/ttyACM0"'), ("desk", "shelf", "port", "/dev/ttyACM0")),
        (('"nrf51-dk"', '"nrf51-dl"'), ("shelf", "kind", "nrf51-dl", "did you mean 'nrf51-dk'?")),
        (('"nrf51-dk"', '"virtual-m0"'), ("shelf", "no real board", "virtual:virtual-m0")),
        (("921600", "0"), ("shelf", "baud", "0")),
        (("[shelf]", "[shelf"), ("not valid TOML",)),
        (("[shelf]", '["virtual:x"]'), ("virtual:x",)),
        (("[desk]", "stray = 1\n[desk]"), ("stray", "1")),
    ],
)
def test_wrong_file(bench_file: Path, change: tuple[str, str], words: tuple[str, ...]) -> None:
    assert change[0] in GOOD
    bench_file.write_text(GOOD.replace(*change))
    with pytest.raises(InputError) as caught:
        load_bench()
    for word in (str(bench_file), *words):
        assert word in str(caught.value)


def test_listing(bench_file: Path) -> None:
    bench_file.write_text(GOOD)
    rows = {row.name: row for row in list_boards()}
    assert rows["desk"].state == "no probe"
    assert rows["desk"].probe == "683377322"
    virtual = rows["virtual:nrf52840-dk"]
    assert (virtual.virtual, virtual.kind, virtual.state, virtual.probe) == (
        True,
        "nrf52840-dk",
        "emulated",
        None,
    )


def test_virtual_boards_with_settings(bench_file: Path) -> None:
    unit = resolve("virtual:nrf51-dk?drop=0.001&wait_states=0&stuck=0x40")
    assert (unit.kind, unit.virtual, unit.wait_states, unit.standing) == ("nrf51-dk", True, 0, False)
    assert (unit.faults.drop, unit.faults.stuck) == (0.001, 64)
    assert unit.options == ["--faults", "drop=0.001&stuck=64", "--wait-states", "0"]
    bench_file.write_text(
        '[shaky]\nkind = "nrf51-dk"\nvirtual = true\nwait_states = 0\n[shaky.faults]\ndrop = 0.001\nstuck = 64\n'
        '[other]\nkind = "nrf51-dk"\nvirtual = true\n'
    )
    assert resolve("shaky").options == unit.options
    assert resolve("other").options == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("virtual:nrf51-dk?dorp=1", "virtual:nrf51-dk?dorp=1: unknown fault 'dorp'; did you mean 'drop'?"),
        ("virtual:nrf51-dk?drop=7", "fault 'drop' with value '7'"),
        ("virtual:nrf51-dk?wait_states=many", "wait_states='many' is no number"),
        ("virtual:nrf51-dk?wrong_chip=nrf53", "unknown board kind 'nrf53'"),
        ("virtual:nrf51-kd?drop=0", "did you mean 'nrf51-dk'?"),
    ],
)
def test_wrong_settings(bench_file: Path, given: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve(given)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("virtual = true\nfaults = { dorp = 1 }", "board 'x': unknown fault 'dorp'"),
        ("virtual = true\nfaults = 3", "key 'faults'"),
        ('virtual = true\nprobe = "1"', "key 'port'"),
        ('probe = "1"\nport = "/dev/x"\nfaults = { drop = 0.1 }', "key 'faults'"),
    ],
)
def test_wrong_virtual_row(bench_file: Path, row: str, words: str) -> None:
    bench_file.write_text(f'[x]\nkind = "nrf51-dk"\n{row}\n')
    with pytest.raises(InputError) as caught:
        load_bench()
    assert str(bench_file) in str(caught.value) and words in str(caught.value)
