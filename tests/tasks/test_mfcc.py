"""Keyword spotting's features from sound, against TensorFlow's own operators and the recorded ones."""

from pathlib import Path

import numpy as np
import pytest

from harness.tasks.audio import kws_mfcc


def tensorflows(sound: np.ndarray) -> np.ndarray:
    """MLPerf Tiny's recipe with TensorFlow's signal operators."""
    from harness.tasks.framework import load_tensorflow

    tf = load_tensorflow()
    second = np.pad(sound, (0, 16_000 - len(sound)))
    scaled = tf.clip_by_value(tf.constant(second / second.max(), tf.float32), -1.0, 1.0)
    spectra = tf.abs(tf.signal.stft(scaled, 480, 320, window_fn=tf.signal.hann_window))
    bands = tf.signal.linear_to_mel_weight_matrix(40, 257, 16_000, 20.0, 4000.0)
    mel = tf.math.log(tf.tensordot(spectra, bands, 1) + 1e-6)
    return np.asarray(tf.signal.mfccs_from_log_mel_spectrograms(mel)[..., :10])


@pytest.mark.parametrize("length", [16_000, 11_111])
def test_mfcc_is_tensorflows(length: int) -> None:
    time_s = np.arange(length) / 16_000
    generator = np.random.default_rng(0)
    # A rising tone with noise, lopsided: its lowest value is larger than its highest.
    sound = np.sin(2 * np.pi * (200 + 1500 * time_s) * time_s) * 0.3 - 0.1 + generator.normal(0, 0.02, length)
    found = kws_mfcc(sound.astype(np.float32))
    assert (found.shape, found.dtype) == ((49, 10), np.float32)
    np.testing.assert_allclose(found, tensorflows(sound), atol=2e-3)


def test_silence_is_what_the_recorded_clips_hold_for_it(shared_data: Path) -> None:
    with np.load(shared_data / "kws" / "sc_v0.02_test12_mfcc49x10.npz") as archive:
        clips = archive["mfcc"]
    silent = kws_mfcc(np.zeros(8_000, np.float32))
    assert clips[..., 0].min() == pytest.approx(silent[0, 0], abs=1e-4)
    frames = clips[clips[..., 0] < silent[0, 0] + 1e-3]
    assert len(frames) > 1000
    np.testing.assert_allclose(frames, np.broadcast_to(silent[0], frames.shape), atol=1e-4)
