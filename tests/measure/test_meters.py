"""Meters: what their streams mean, and what happens when part of one is missing."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config.kinds import load_kind
from harness.errors import InputError, MeterError
from harness.measure.meters import Trace, open_meter, read_csv_trace
from harness.measure.meters.joulescope import Joulescope
from harness.measure.meters.lpm01a import read_stream
from harness.virtual.lpm01a import Lpm01a as Shield


def _second(number: int, samples: int = 1000) -> list[bytes]:
    return [f"TimeStamp: {number:03d}s 000ms, buff 00%".encode(), *[b"1500-08"] * samples]


def test_samples_and_events_of_a_stream() -> None:
    lines = [*_second(0), *_second(1)]
    lines.insert(500, b"event 01 ris")  # after the time stamp and 499 samples
    lines.insert(1700, b"event 02 ris")
    trace = read_stream(lines)
    assert trace.edges == (499.0, 1697.0)
    (window,) = trace.windows("m")
    assert window.seconds == pytest.approx(1.198)
    assert window.energy_uj == pytest.approx(1198 * 15.0)
    assert window.power_uw == pytest.approx(15_000)


@pytest.mark.parametrize("lost", [1, 250])
def test_samples_lost_in_a_window_are_noticed(lost: int) -> None:
    lines = [*_second(0, 1000 - lost), *_second(1), *_second(2, 1)]
    lines.insert(100, b"event 01 ris")
    with pytest.raises(MeterError, match=f"{lost} samples were lost"):
        read_stream([*lines, b"event 02 ris"]).windows("m")
    # A gap before the window is none of its business.
    after = [*_second(0, 1000 - lost), *_second(1)]
    after.insert(len(after) - 500, b"event 01 ris")
    assert read_stream([*after, b"event 02 ris"]).windows("m")[0].seconds == pytest.approx(0.5)


def test_a_line_that_lost_its_end_is_no_sample() -> None:
    trace = read_stream([b"1500-08", b"15001500-08", b"1500-08"])
    assert np.isnan(trace.energy_uj[1]) and not np.isnan(trace.energy_uj[[0, 2]]).any()


@given(st.lists(st.binary(max_size=30), max_size=30))
def test_any_stream_can_be_read(lines: list[bytes]) -> None:
    trace = read_stream([line for line in lines if line[:4].isdigit()])
    assert all(0 <= edge <= len(trace.energy_uj) for edge in trace.edges)


@pytest.mark.parametrize("edges", [(), (3.0,), (1.0, 2.0, 3.0)])
def test_windows_need_pairs_of_edges(edges: tuple[float, ...]) -> None:
    with pytest.raises(MeterError, match="falling edges where windows need pairs"):
        Trace(1000.0, np.ones(10), edges).windows("m")


@given(
    st.lists(st.floats(0, 100), min_size=4, max_size=50),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_a_window_is_the_integral_between_its_edges(
    samples: list[float], first: float, second: float
) -> None:
    begin, end = sorted((first * len(samples), second * len(samples)))
    trace = Trace(1000.0, np.array(samples), (begin, end))
    if end <= begin:
        with pytest.raises(MeterError, match="within one sample"):
            trace.windows("m")
        return
    whole = sum(value * max(0.0, min(end, i + 1) - max(begin, i)) for i, value in enumerate(samples))
    assert trace.windows("m")[0].energy_uj == pytest.approx(whole, abs=1e-6)


class TestSimulatedShield:
    """The simulated shield says what the reader of the real one understands."""

    def _shield(self) -> tuple[Shield, list[bytes], list[bool]]:
        sent: list[bytes] = []
        switched: list[bool] = []
        kind = load_kind("nrf52840-dk")
        shield = Shield(kind.power, kind.clock_hz, sent.append, switched.append)
        for command in ("htc", "volt 3000m", "freq 1k", "eventsrc d7 fal", "output energy"):
            shield.command(command, 0)
            assert sent.pop().strip().endswith(f"ack {command}".encode())
        return shield, sent, switched

    def test_power_and_edges(self) -> None:
        shield, sent, _ = self._shield()
        hz = load_kind("nrf52840-dk").clock_hz
        shield.command("start", 0)
        sent.clear()
        shield.edge(False, hz // 4)
        shield.edge(True, hz // 4 + 6400)
        shield.edge(False, hz * 3 // 4)
        shield.command("stop", hz)
        lines = b"".join(sent).split(b"\r\n")
        (window,) = read_stream([line for line in lines if line and b"completed" not in line]).windows("m")
        kind = load_kind("nrf52840-dk")
        assert window.seconds == pytest.approx(0.5)
        assert window.power_uw == pytest.approx(3.0 * kind.power.run_ua, rel=1e-3)

    def test_power_off(self) -> None:
        shield, sent, switched = self._shield()
        shield.command("start", 0)
        shield.command("pwr off", 64_000_000)
        shield.command("stop", 128_000_000)
        samples = [line for line in b"".join(sent).split(b"\r\n") if line[:4].isdigit()]
        assert switched == [False]
        assert len(samples) == 2000 and set(samples[1000:]) == {b"0000-00"}

    @pytest.mark.parametrize("command", ["volt 5000m", "freq 3k", "output current", "nonsense", "pwr maybe"])
    def test_refusals(self, command: str) -> None:
        shield, sent, _ = self._shield()
        shield.command(command, 0)
        assert f"error {command}".encode() in sent[0] and b"Error detail" in sent[1]


class _Recorded:
    """A Joulescope whose stream is the driver's own buffer, fed by hand."""

    def __init__(self) -> None:
        pytest.importorskip("joulescope")
        from joulescope.v1.stream_buffer import StreamBuffer

        self.sampling_frequency = 1000
        self.serial_number = "000123"
        self.parameters: dict[str, object] = {}
        self.buffer = StreamBuffer(1.0, 1000, None)
        self.seen: list[object] = []
        self.opened = False

    def open(self) -> None:
        self.opened = True

    def close(self) -> None:
        self.opened = False

    def parameter_set(self, name: str, value: object) -> None:
        self.parameters[name] = value

    def stream_process_register(self, listener: object) -> None:
        self.seen.append(listener)

    def start(self) -> None:
        for buffer in self.buffer.buffers.values():
            buffer.active = True

    def stop(self) -> None:
        pass

    def feed(self, first: int, power_w: np.ndarray, level: np.ndarray) -> None:
        for index, buffer in self.buffer.buffers.items():
            bits = np.packbits(level.astype(np.uint8), bitorder="little")
            words = power_w.astype(np.uint8 if index == (4, 0) else np.float32)
            buffer.add(first, bits if index[0] == 5 else words)
        for listener in self.seen:
            listener.stream_notify(self.buffer)


def _joulescope(*devices: object) -> Joulescope:
    return Joulescope(driver=SimpleNamespace(scan=lambda config: list(devices)))


@pytest.mark.parametrize("lost", [None, 320, 960])
def test_joulescope_stream(lost: int | None) -> None:
    device = _Recorded()
    meter = _joulescope(device)
    assert device.opened and device.parameters["current_lsb"] == "gpi0"
    meter.start()
    level = np.ones(3200)
    level[700:710] = level[2200:2210] = 0
    for first in range(0, 3200, 320):
        if first != lost:
            device.feed(first, np.full(320, 0.02), level[first : first + 320])
    trace = meter.stop()
    if lost == 960:  # inside the window
        with pytest.raises(MeterError, match="320 samples were lost"):
            trace.windows("m")
        return
    (window,) = trace.windows("m")
    assert window.seconds == pytest.approx(1.5)
    assert window.power_uw == pytest.approx(20_000)
    meter.close()
    assert not device.opened


@pytest.mark.parametrize("count", [0, 2])
def test_joulescopes_must_be_told_apart(count: int) -> None:
    with pytest.raises(MeterError, match=f"{count} Joulescopes"):
        _joulescope(*[SimpleNamespace(serial_number=str(number)) for number in range(count)])


@pytest.mark.parametrize(
    "spec", ["", "lpm01a", "multimeter:/dev/x", "lpm01a:/dev/x?mv=5000", "lpm01a:/dev/x?v=3"]
)
def test_unknown_meters(spec: str) -> None:
    with pytest.raises(InputError, match="meter"):
        open_meter(spec)


def test_a_missing_port_is_told() -> None:
    with pytest.raises(MeterError, match="cannot open its port /dev/nothing"):
        open_meter("lpm01a:/dev/nothing")


class TestCsv:
    """Traces of other tools."""

    def _write(self, tmp_path, columns: dict[str, np.ndarray], drop: slice | None = None):
        table = np.stack(list(columns.values()), axis=1)
        if drop:
            table = np.delete(table, np.arange(len(table))[drop], axis=0)
        path = tmp_path / "trace.csv"
        np.savetxt(path, table, delimiter=",", header=",".join(columns), comments="", fmt="%.9g")
        return path

    def _columns(self) -> dict[str, np.ndarray]:
        pin = np.ones(1000)
        pin[100:105] = pin[600:605] = 0
        return {"Time_ms": np.arange(1000.0), "Current_mA": np.full(1000, 4.0), "Pin": pin}

    def test_currents(self, tmp_path) -> None:
        (window,) = read_csv_trace(self._write(tmp_path, self._columns()), 3.0).windows("m")
        assert window.seconds == pytest.approx(0.5) and window.power_uw == pytest.approx(12_000)

    def test_a_gap_in_a_window(self, tmp_path) -> None:
        path = self._write(tmp_path, self._columns(), slice(300, 320))
        with pytest.raises(MeterError, match="20 samples were lost"):
            read_csv_trace(path, 3.0).windows("m")

    def test_a_gap_before_it(self, tmp_path) -> None:
        path = self._write(tmp_path, self._columns(), slice(30, 50))
        assert read_csv_trace(path, 3.0).windows("m")[0].seconds == pytest.approx(0.5)

    @pytest.mark.parametrize(
        ("column", "supply_v", "message"),
        [
            ("Pin", 3.0, "no column 'pin'"),
            ("Time_ms", 3.0, "no column with a time"),
            ("Current_mA", 3.0, "no column with a power or a current"),
            (None, None, "currents without a voltage"),
        ],
    )
    def test_what_is_missing_is_named(self, tmp_path, column, supply_v, message) -> None:
        columns = self._columns()
        if column:
            del columns[column]
        with pytest.raises(InputError, match=message):
            read_csv_trace(self._write(tmp_path, columns), supply_v)

    def test_text_in_a_column(self, tmp_path) -> None:
        path = tmp_path / "trace.csv"
        path.write_text("time_s,power_w,pin\n0,x,1\n1,2,1\n2,2,0\n")
        with pytest.raises(InputError, match="'power_w' holds something that is no number"):
            read_csv_trace(path)
