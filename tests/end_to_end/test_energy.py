"""Energy mode from end to end: real firmware, a pin, a simulated meter on a serial port of its own."""

import json

import pytest
from click.testing import CliRunner

from harness.bench import open_board
from harness.cli.main import cli
from harness.config.kinds import load_kind
from harness.errors import MeterError, ProtocolError
from harness.firmware import build_image
from harness.measure import PerformanceRules, make_loader, measure_energy, start_image
from harness.measure.meters import open_meter

RULES = PerformanceRules(windows=3, iterations=20, warmup=1)


@pytest.fixture(scope="module", params=["nrf51-dk", "nrf52840-dk"])
def metered(request, small_model, tmp_path_factory):
    """A board with energy firmware, its device, loader and meter."""
    kind = load_kind(request.param)
    image = build_image(small_model, kind, tmp_path_factory.mktemp("build"), mode="energy")
    with open_board(f"virtual:{request.param}") as board:
        board.flash(image)
        assert board.meter is not None
        meter = open_meter(board.meter, simulated=True)
        with board.open_serial(kind.baud_of("energy")) as port:
            dut = start_image(board, image, port)
            yield board, port, dut, make_loader(dut, board, image, None), meter
        meter.close()


def _inputs(loader, board) -> list[bytes]:
    return [bytes(11 * 9 * 3)]


def test_energy_is_power_times_time(metered) -> None:
    board, _, dut, loader, meter = metered
    energy = measure_energy(dut, meter, _inputs(loader, board), RULES, loader=loader, detach=board.close)
    cycles = dut.cycles()
    assert energy.power_uw == pytest.approx(3.0 * board.kind.power.run_ua, rel=1e-3)
    # The meter resolves a millisecond; the first pulse, 0.1 ms, is inside the window.
    window_s = cycles.cycles / cycles.clock_hz
    assert energy.latency_us * energy.iterations == pytest.approx(window_s * 1e6, abs=1200)
    assert energy.energy_uj == pytest.approx(energy.power_uw * energy.latency_us * 1e-6)
    assert len(energy.windows_uj) == 3


def test_windows_are_as_long_as_the_rules_ask(metered) -> None:
    board, _, dut, loader, meter = metered
    rules = PerformanceRules(windows=2, iterations=1, warmup=0, window_s=0.5, name="half")
    energy = measure_energy(dut, meter, _inputs(loader, board), rules, loader=loader)
    assert 0.5e6 <= energy.latency_us * energy.iterations < 0.8e6
    assert energy.spread < 0.01


def test_the_device_speaks_as_energy_mode_asks(metered) -> None:
    board, port, dut, _, meter = metered
    port.reset_input_buffer()
    meter.start()
    board.reset()
    boot = dut.wait_boot(5.0)
    assert boot.mode == "energy" and not any("lap" in line for line in boot.chatter)
    clients_timeout_s, port.timeout = port.timeout, 5.0
    port.write(b"timestamp%")
    assert port.read_until(b"m-ready\r\n").strip() == b"m-ready"
    port.write(b"infer 2 1%")
    answer = port.read_until(b"m-ready\r\n").decode().split("\r\n")
    assert not any(line.startswith("m-lap") for line in answer)
    port.timeout = clients_timeout_s
    # One edge at start-up, one of `timestamp`, two of the window.
    assert len(meter.stop().edges) == 4


def test_a_wire_that_is_off_is_told(metered) -> None:
    board, _, dut, loader, meter = metered
    assert board.meter is not None
    meter._command("eventsrc d7 ris")
    try:
        rules = PerformanceRules(windows=1, iterations=1, warmup=0)
        energy = measure_energy(dut, meter, _inputs(loader, board), rules, loader=loader)
        assert energy.windows_uj  # rising edges come in pairs too
    finally:
        meter._command("eventsrc d7 fal")
    with pytest.raises(MeterError, match="0 falling edges"):
        meter.start()
        meter.stop().windows(meter.name)


def test_latency_is_not_asked_of_energy_firmware(metered) -> None:
    _, _, dut, _, _ = metered
    with pytest.raises(ProtocolError, match="energy mode"):
        dut.infer(1, 0)


def test_the_command(small_model, tmp_path) -> None:
    done = CliRunner().invoke(
        cli,
        ["bench", str(small_model), "--board", "virtual:nrf51-dk", "--mode", "energy", "--quick",
         "--iterations", "20", "--results-dir", str(tmp_path), "--json", str(tmp_path / "row.json")],
        catch_exceptions=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    row = json.loads((tmp_path / "row.json").read_text())
    assert row["mode"] == "energy" and row["meter"] == "lpm01a (simulated)" and row["supply_mv"] == 3000
    assert row["latency_us"] is None and row["energy_uj"] > 0 and row["timed_inputs"] == "noise"
    assert " 9600 " in row["serial_settings"] and "simulated" in done.output


def test_a_trace_of_another_tool(tmp_path) -> None:
    trace = tmp_path / "trace.csv"
    rows = [f"{i / 1000},0.0132,{int(i not in (100, 600))}" for i in range(1000)]
    trace.write_text("\n".join(["time_s,power_w,pin", *rows]))
    done = CliRunner().invoke(cli, ["energy", str(trace), "--iterations", "10", "--json", "-"])
    assert done.exit_code == 0, done.output
    (window,) = json.loads(done.stdout)
    assert window["energy_uj_per_inference"] == pytest.approx(0.0132 * 0.5 / 10 * 1e6)
