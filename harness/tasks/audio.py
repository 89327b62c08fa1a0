"""Spectral features of sound: mel filter banks and what the two sound tasks make of them."""

import sys
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.errors import InputError
from harness.tasks.arrays import FloatArray

RATE_HZ = 16_000
_FULL_SCALE = 32768.0


def read_wav(path: Path) -> FloatArray:
    """The samples of a mono 16-bit 16 kHz `.wav` file, float32 `[n]` in [-1, 1).

    Raises:
        InputError: The file is missing, damaged, or of another kind.
    """
    try:
        with wave.open(str(path), "rb") as file:
            kind = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            content = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(f"cannot read {path} as a .wav file: {error}") from error
    if kind != (1, 2, RATE_HZ):
        raise InputError(
            f"{path} has {kind[0]} channels of {8 * kind[1]} bits at {kind[2]} Hz; one of 16 bits at "
            f"{RATE_HZ} Hz is needed"
        )
    return np.frombuffer(content, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)


def kws_mfcc(sound: FloatArray) -> FloatArray:
    """MLPerf Tiny's keyword-spotting features of one second of speech.

    The second is divided by its largest value, clipped to [-1, 1], cut into Hann windows of 480 samples every 320, each of which gives the
    magnitudes of a 512-point FFT, 40 mel bands from 20 to 4000 Hz (HTK's scale, triangles in mel), their
    logarithm, and the first 10 of its DCT-II.

    Args:
        sound: float32 `[n]`; shortened, or filled up with silence, to 16,000 samples.

    Returns:
        float32 `[49, 10]`.
    """
    second = np.zeros(RATE_HZ, np.float32)
    second[: min(len(sound), RATE_HZ)] = sound[:RATE_HZ]
    peak = second.max()
    scaled = np.clip(second / peak, -1, 1) if peak > 0 else second
    frames = np.lib.stride_tricks.sliding_window_view(scaled, 480)[::320]
    magnitudes = np.abs(np.fft.rfft(frames * hann(480), 512))
    log_mel = np.log(magnitudes @ htk_filters(40, 512, 20, 4000) + 1e-6)
    return (log_mel @ dct(40, 10)).astype(np.float32)


def ad_log_mel(sound: FloatArray) -> FloatArray:
    """MLPerf Tiny's anomaly-detection features of one recording.

    Power spectra of Hann windows of 1024 samples every 512, centred, in 128 mel bands (Slaney's scale and
    areas) up to 8 kHz, in decibels; the middle, from frame 50 to 249, is kept.

    Args:
        sound: float32 `[n]`, some eight seconds or more.

    Returns:
        float32 `[200, 128]`, or fewer rows for a shorter recording.
    """
    padded = np.pad(sound.astype(np.float64), 512)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 1024)[::512][50:250]
    power = np.abs(np.fft.rfft(frames * hann(1024))) ** 2
    mel = power @ slaney_filters(128, 1024)
    return (10 * np.log10(mel + sys.float_info.epsilon)).astype(np.float32)


def hann(size: int) -> npt.NDArray[np.float64]:
    """The periodic Hann window, float64 `[size]`."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)


def dct(inputs: int, outputs: int) -> npt.NDArray[np.float64]:
    """Orthogonal DCT-II but for the first row, which keeps the others' factor: float64 `[inputs, outputs]`."""
    angles = np.pi / inputs * np.outer(np.arange(inputs) + 0.5, np.arange(outputs))
    rows: npt.NDArray[np.float64] = np.sqrt(2 / inputs) * np.cos(angles)
    return rows


def htk_filters(bands: int, fft_size: int, low_hz: float, high_hz: float) -> npt.NDArray[np.float64]:
    """Triangles of height 1, straight in mel = 1127 ln(1 + f / 700): float64 `[fft_size // 2 + 1, bands]`."""

    def mel(hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return 1127.0 * np.log1p(hz / 700.0)

    places = mel(np.linspace(0, RATE_HZ / 2, fft_size // 2 + 1))
    low, high = mel(np.array([low_hz, high_hz]))
    edges = np.linspace(low, high, bands + 2)
    filters = _triangles(places, edges)
    filters[0] = 0  # the constant part belongs to no band
    return filters


def slaney_filters(bands: int, fft_size: int) -> npt.NDArray[np.float64]:
    """Triangles of equal area, straight in Hz, from 0 to half the rate: float64 `[fft_size // 2 + 1, bands]`.

    The scale is linear below 1 kHz, 3 mel to 200 Hz, and logarithmic above, 27 mel to a factor of 6.4.
    """
    top_mel = 15 + 27 * np.log(RATE_HZ / 2 / 1000) / np.log(6.4)
    mels = np.linspace(0, top_mel, bands + 2)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))
    filters = _triangles(np.linspace(0, RATE_HZ / 2, fft_size // 2 + 1), edges)
    areas: npt.NDArray[np.float64] = filters * 2 / (edges[2:] - edges[:-2])
    return areas


def _triangles(places: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """From each edge up to the next and down to the one after: float64 `[places, edges - 2]`."""
    rising = (places[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - places[:, None]) / (edges[2:] - edges[1:-1])
    triangles: npt.NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    return triangles
