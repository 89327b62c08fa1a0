"""Anomaly detection: features, windows, files and the public layout, from generated sound."""

import wave
from pathlib import Path

import numpy as np
import pytest

from harness.errors import InputError
from harness.tasks import load_task
from harness.tasks.ad import windows
from harness.tasks.audio import ad_log_mel, read_wav


def write_wav(path: Path, seconds: float, seed: int, rate: int = 16_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).normal(0, 3000, int(seconds * rate)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(noise.tobytes())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ad")
    for number in range(12):
        write_wav(root / "ToyCar" / "train" / f"normal_id_01_{number:08d}.wav", 3, number)
    write_wav(root / "ToyCar" / "test" / "normal_id_01_00000100.wav", 3, 100)
    write_wav(root / "ToyCar" / "test" / "anomaly_id_01_00000000.wav", 3, 101)
    return root


def test_public_layout_gives_windows_of_files(folder: Path) -> None:
    task = load_task("ad", folder)
    frames = 3 * 16_000 // 512 + 1 - 50  # the first 50 are left out
    per_file = frames - 4
    assert (task.metric, task.quality_target, task.input_shape) == ("auc", 0.85, (640,))
    assert len(task.train) + len(task.validation) == 12 * per_file
    assert len(task.validation) > 0 and not {*task.train.names} & {*task.validation.names}
    assert task.test.files is not None
    assert task.test.files.tolist() == [0] * per_file + [1] * per_file
    # Files come by name: the anomalous one first.
    assert task.test.y.tolist() == [1] * per_file + [0] * per_file
    taken = task.test.take(np.array([0, per_file]))
    assert taken.files is not None and taken.files.tolist() == [0, 1]


def test_windows_are_five_successive_frames() -> None:
    frames = np.arange(7 * 128, dtype=np.float32).reshape(7, 128)
    found = windows(frames)
    assert found.shape == (3, 640)
    np.testing.assert_array_equal(found[2].reshape(5, 128), frames[2:7])


def test_log_mel_against_tensorflows_spectra(folder: Path) -> None:
    tf = pytest.importorskip("tensorflow")
    sound = read_wav(folder / "ToyCar" / "test" / "normal_id_01_00000100.wav")
    padded = np.pad(sound, 512).astype(np.float64)
    power = tf.abs(tf.signal.stft(padded, 1024, 512, 1024, pad_end=False)).numpy()[50:250] ** 2
    # Slaney's bands by their published corner points: 200/3 Hz a mel up to 1 kHz, then 6.4 in 27 mels.
    hz = [m * 200 / 3 if m < 15 else 1000 * 6.4 ** ((m - 15) / 27) for m in np.linspace(0, 45.2456, 130)]
    bins = np.arange(513) * 16_000 / 1024
    bands = np.stack([np.interp(bins, hz[n : n + 3], [0, 2 / (hz[n + 2] - hz[n]), 0]) for n in range(128)], 1)
    expected = 10 * np.log10(power @ bands + 2.2e-16)
    np.testing.assert_allclose(ad_log_mel(sound), expected, atol=0.02)


def test_official_features(tmp_path: Path) -> None:
    official = tmp_path / "ad01"
    official.mkdir()
    values = np.random.default_rng(0).normal(size=(200, 128)).astype("<f4")
    (official / "normal_id_01_00000000_hist_librosa.bin").write_bytes(values.tobytes())
    (official / "y_labels.csv").write_text("normal_id_01_00000000_hist_librosa.bin,2,0,2560,512\n")
    split = load_task("ad", tmp_path).official
    assert split is not None and len(split) == 196
    np.testing.assert_array_equal(split.x[195], values[195:200].ravel())
    (official / "y_labels.csv").write_text("normal_id_01_00000000_hist_librosa.bin,2,0\n")
    with pytest.raises(InputError, match="line 1: expected 'file,2,class,2560,512'"):
        _ = load_task("ad", tmp_path).official
    with pytest.raises(InputError, match=r"train has no \.wav files"):
        _ = load_task("ad", tmp_path).train


def test_wrong_sound_is_refused(folder: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "fast.wav", 0.1, 0, rate=44_100)
    with pytest.raises(InputError, match="1 channels of 16 bits at 44100 Hz"):
        read_wav(tmp_path / "fast.wav")
    (tmp_path / "text.wav").write_text("hello")
    with pytest.raises(InputError, match=r"cannot read .*text\.wav as a \.wav file"):
        read_wav(tmp_path / "text.wav")
    write_wav(tmp_path / "ToyCar" / "train" / "anomaly_id_01_00000000.wav", 3, 0)
    write_wav(tmp_path / "ToyCar" / "test" / "normal_id_01_00000000.wav", 3, 0)
    with pytest.raises(InputError, match="training files must be normal"):
        _ = load_task("ad", tmp_path).train


def test_real_sample_is_rebuilt_by_the_reference_as_by_its_int8_form(
    shared_data: Path, tmp_path: Path
) -> None:
    from harness.firmware.host import HostModel
    from harness.tasks import load_reference
    from harness.tasks.fit import predict

    official = tmp_path / "ad01"
    official.mkdir()
    (official / "y_labels.csv").write_text("normal_id_01_00000000_hist_librosa.bin,2,0,2560,512\n")
    name = "normal_id_01_00000000_hist_librosa.bin"
    (official / name).symlink_to(shared_data / "ad" / name)
    task = load_task("ad", tmp_path)
    split = task.official
    assert split is not None
    model = load_reference(task, shared_data / "models" / "ad01.h5")
    float_errors = np.mean((predict(model, split.x) - split.x) ** 2, axis=1)
    host = HostModel(shared_data / "models" / "ad01_int8.tflite", tmp_path)
    scales = host.plan.input, host.plan.output
    rebuilt = host.run(split.encode(scales[0].scale, scales[0].zero_point)).astype(np.float32)
    int8_errors = np.mean(((rebuilt - scales[1].zero_point) * scales[1].scale - split.x) ** 2, axis=1)
    assert 5 < float_errors.mean() < 20
    assert float_errors.mean() == pytest.approx(int8_errors.mean(), rel=0.1)
    assert np.corrcoef(float_errors, int8_errors)[0, 1] > 0.95
