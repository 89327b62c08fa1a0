"""Devices that are not ours: recorded silicon with its habits, and our own board asked as a stranger's."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from harness.bench import open_board
from harness.cli.main import cli
from harness.config.kinds import load_kind
from harness.errors import InputError, LinkError, ProtocolError, TimerError, WrongImageError
from harness.firmware import build_image
from harness.measure import Accuracy, PerformanceRules
from harness.search.port import PortRun, measure_port
from harness.store import Store
from tests.dut.scripted import ScriptedDut
from tests.measure.replay import ReplayDut, inferences

RECORDED_RULES = PerformanceRules(windows=5, iterations=100, warmup=1)
HABITS = [("\r\n", ""), ("\n", ""), ("\r\n", "chatter"), ("\r\n", "comma"), ("\r\n", "nul")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "results") as opened:
        yield opened


@pytest.fixture
def transcripts(shared_data: Path) -> Path:
    return shared_data / "golden" / "transcripts"


@pytest.fixture
def kws01(shared_data: Path) -> Path:
    return shared_data / "kws" / "kws01"


@pytest.fixture
def recorded_inputs(transcripts: Path, kws01: Path, tmp_path: Path) -> Path:
    """EnergyRunner's folder with only the files of the recorded accuracy session."""
    folder = tmp_path / "kws01"
    folder.mkdir()
    asked = {one.file for one in inferences(transcripts / "v0.5_ref_kws_accuracy_head.log")}
    rows = [line for line in (kws01 / "y_labels.csv").read_text().splitlines() if line.split(",")[0] in asked]
    assert len(rows) == len(asked) == 125
    (folder / "y_labels.csv").write_text("\n".join(rows) + "\n")
    for name in asked:
        (folder / name).write_bytes((kws01 / name).read_bytes())
    return folder


@pytest.mark.parametrize(("end", "quirk"), HABITS)
def test_the_recorded_latency_is_found_again(
    store: Store, transcripts: Path, kws01: Path, end: str, quirk: str
) -> None:
    log = transcripts / "v0.5_ref_kws_performance.log"
    device = ReplayDut(inferences(log), kws01, end, quirk)
    run = PortRun(device.port, "kws", data=kws01, mode="performance", rules=RECORDED_RULES)
    row = measure_port(store, run)
    device.close()
    laps = [int(us) for us in re.findall(r"dut: m-lap-us-(\d+)", log.read_text())[1:]]
    expected = [(after - before) / 100 for before, after in zip(laps[::2], laps[1::2], strict=True)]
    assert list(row.windows_us) == expected
    assert row.latency_us == sorted(expected)[2]
    assert (row.board, row.kind, row.load) == (f"port:{device.port}", "scripted", "serial-strict")
    assert row.cycles is None
    assert not [command for command in device.commands if command.startswith("x-")]


def test_the_recorded_answers_are_found_again(store: Store, transcripts: Path, recorded_inputs: Path) -> None:
    session = inferences(transcripts / "v0.5_ref_kws_accuracy_head.log")
    device = ReplayDut(session, recorded_inputs, quirk="comma")
    row = measure_port(store, PortRun(device.port, "kws", data=recorded_inputs, mode="accuracy"))
    device.close()
    labels = {
        line[0]: int(line[2])
        for line in csv.reader((recorded_inputs / "y_labels.csv").read_text().splitlines())
    }
    assert row.outputs_sha256 is not None
    answers = Accuracy.from_csv(store.artifacts.read(row.outputs_sha256).decode())
    heard = {name: list(output) for name, output in zip(answers.names, answers.outputs, strict=True)}
    right = 0
    for one in session:
        printed = next(line for line in one.answer if line.startswith("m-results"))
        values = [float(value) for value in printed[len("m-results-[") : -1].split(",")]
        assert heard[one.file] == pytest.approx(values, abs=1e-6)
        right += values.index(max(values)) == labels[one.file]
    assert (row.correct, row.samples) == (right, 125)
    assert row.latency_us is None
    assert not [command for command in device.commands if command.startswith("x-")]


def test_our_own_board_asked_as_a_stranger_s(
    store: Store, shared_data: Path, tmp_path: Path, kws01: Path
) -> None:
    kind = load_kind("nrf52840-dk")
    image = build_image(
        shared_data / "models/kws_ref_model.tflite", kind, tmp_path / "built", model_id="kws01"
    )
    sent: list[str] = []
    with open_board("virtual:nrf52840-dk") as board:
        board.flash(image)
        row = measure_port(
            store,
            PortRun(board.port_path, "kws", data=shared_data, samples=20, rules=PerformanceRules()),
            trace=lambda way, text: sent.append(text) if way == ">" else None,
        )
    assert row.virtual
    assert row.kind == "nrf52840-dk"
    assert not [command for command in sent if command.startswith("x-")]
    assert max(len(command) for command in sent) <= 80
    assert row.outputs_sha256 is not None
    answers = Accuracy.from_csv(store.artifacts.read(row.outputs_sha256).decode())
    with (shared_data / "golden/kws01_silicon_int8.csv").open() as file:
        silicon = {line[0]: line[1:] for line in csv.reader(file)}
    known = [index for index, name in enumerate(answers.names) if name in silicon]
    assert known
    for index in known:
        steps = np.array(silicon[answers.names[index]], np.int64) + 128
        assert list(answers.outputs[index]) == pytest.approx(list(steps * 1000 // 256 / 1000), abs=1e-6)
    assert row.latency_us == pytest.approx(1e6 * 5 / sum(1e6 / us for us in row.windows_us), rel=0.01)


def test_a_network_port_serves_too(store: Store) -> None:
    import socket
    import threading

    device = ScriptedDut()
    with socket.create_server(("127.0.0.1", 0)) as server, device.open() as line:
        line.timeout = 0.02
        stop = threading.Event()

        def bridge() -> None:
            connection, _ = server.accept()
            connection.settimeout(0.02)
            with connection:
                while not stop.is_set():
                    try:
                        line.write(connection.recv(4096))
                    except TimeoutError:
                        pass
                    except OSError:
                        return
                    connection.sendall(line.read(line.in_waiting or 1))

        thread = threading.Thread(target=bridge)
        thread.start()
        port = f"socket://127.0.0.1:{server.getsockname()[1]}"
        try:
            row = measure_port(store, PortRun(port, "kws", rules=PerformanceRules(windows=2)))
        finally:
            stop.set()
            thread.join(5)
    device.close()
    assert row.latency_us == device.window_us
    assert not row.virtual


def test_a_device_that_starts_on_opening_is_waited_for(store: Store) -> None:
    device = ScriptedDut()
    device.say(["m-timestamp-mode-performance", "m-lap-us-5", "m-init-done", "m-ready"])
    row = measure_port(store, PortRun(device.port, "kws", rules=PerformanceRules(windows=1)))
    device.close()
    assert row.latency_us == device.window_us


@pytest.mark.parametrize(
    ("override", "error", "told"),
    [
        ({"profile": ["m-profile-[x]", "m-model-[vww01]"]}, WrongImageError, "runs vww01 and --task kws"),
        ({"infer 3 1": ["m-warmup-start-1", "m-warmup-done", "m-infer-start-3", "m-infer-done",
                        "m-results-[1]"]}, ProtocolError, "energy mode"),
        ({"infer 3 1": ["m-warmup-start-1", "m-warmup-done", "m-infer-start-3", "m-lap-us-7", "m-lap-us-7",
                        "m-infer-done", "m-results-[1]"]}, TimerError, "stands still"),
    ],
)  # fmt: skip
def test_what_a_device_can_do_wrong(
    store: Store, override: dict[str, list[str]], error: type[Exception], told: str
) -> None:
    device = ScriptedDut()
    device.override = dict(override)
    with pytest.raises(error, match=told):
        measure_port(store, PortRun(device.port, "kws", rules=PerformanceRules()))
    device.close()
    assert store.measurements() == []


def test_another_number_of_results_is_no_answer(store: Store, tmp_path: Path) -> None:
    (tmp_path / "y_labels.csv").write_text("a.bin,12,3\n")
    (tmp_path / "a.bin").write_bytes(bytes(490))
    device = ScriptedDut()
    with pytest.raises(ProtocolError, match="4 values and the benchmark 12"):
        measure_port(store, PortRun(device.port, "kws", data=tmp_path, mode="accuracy"))
    device.close()


def test_files_of_anomaly_detection_are_scored_by_the_mean_of_their_windows(
    store: Store, tmp_path: Path
) -> None:
    rows = []
    for name, label in (("normal", 0), ("broken", 1)):
        np.zeros(640 + 128, np.float32).tofile(tmp_path / f"{name}.bin")
        rows.append(f"{name}.bin,2,{label},2560,512\n")
    (tmp_path / "y_labels.csv").write_text("".join(rows))
    device = ScriptedDut()
    errors = iter(("1.5", "2.5", "3.5", "2.0"))
    device.override["profile"] = ["m-profile-[x]", "m-model-[ad01]"]
    plain = device._infer
    device._infer = lambda words: [*plain(words)[:-1], f"m-results-[{next(errors)}]"]  # type: ignore[method-assign]
    row = measure_port(store, PortRun(device.port, "ad", data=tmp_path, mode="accuracy"))
    device.close()
    assert (row.auc, row.accuracy, row.samples) == (1.0, None, 4)
    assert len(device.buffer) == 2560


def test_a_port_that_is_not_there(store: Store) -> None:
    with pytest.raises(LinkError, match="port:/dev/none: cannot open it at 115200 baud"):
        measure_port(store, PortRun("/dev/none", "kws"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"task": "digits"}, "unknown task 'digits'"),
        ({"mode": "profile"}, "unknown mode 'profile'"),
        ({"mode": "accuracy"}, "accuracy needs samples"),
        ({"model": Path("none.tflite")}, "cannot read the model none.tflite"),
        ({"data": Path("/proc/self/task")}, "has no y_labels.csv"),
    ],
)
def test_what_cannot_be_asked(store: Store, changes: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        measure_port(store, PortRun(**({"port": "/dev/none", "task": "kws"} | changes)))  # type: ignore[arg-type]


def test_the_command_prints_and_stores_a_row(tmp_path: Path) -> None:
    device = ScriptedDut()
    arguments = ["measure", "--port", device.port, "--task", "kws", "--quick", "--json", "-"]
    done = CliRunner().invoke(cli, [*arguments, "--results-dir", str(tmp_path)], catch_exceptions=False)
    device.close()
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout)
    assert row["latency_us"] == device.window_us
    assert row["virtual"] is True
    assert "virtual: latency is an estimate" in done.stderr
    with Store(tmp_path, create=False) as store:
        assert store.measurements()[0].board == f"port:{device.port}"
