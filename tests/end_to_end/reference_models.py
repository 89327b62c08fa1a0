"""The four MLPerf Tiny reference models with real samples, and what the integer reference answers to them."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from harness.firmware.reader import read_model
from tests.firmware import batch_reference

_AD_WINDOW, _AD_STEP = 640, 128  # floats: five spectra, moved on by one


@dataclass(frozen=True)
class ReferenceModel:
    """A model's file, id, the M0 kind that holds it, and how many real samples there are to ask."""

    name: str
    file: str
    model_id: str
    small_kind: str
    count: int

    def path(self, data: Path) -> Path:
        return data / "models" / self.file

    def samples(self, data: Path, count: int) -> np.ndarray:
        """int8 input tensors `(count, ...)`, spread evenly over what there is."""
        found = _samples(self.name, data)
        return found[np.linspace(0, len(found) - 1, count).astype(int)]


KWS = ReferenceModel("kws", "kws_ref_model.tflite", "kws01", "nrf51-dk", 1000)
VWW = ReferenceModel("vww", "vww_96_int8.tflite", "vww01", "virtual-m0", 100)
IC = ReferenceModel("ic", "pretrainedResnet_quant.tflite", "ic01", "virtual-m0", 100)
AD = ReferenceModel("ad", "ad01_int8.tflite", "ad01", "virtual-m0", 196)
MODELS = (KWS, VWW, IC, AD)


@cache
def expected(model: ReferenceModel, data: Path, count: int) -> np.ndarray:
    """int8 outputs `(count, classes)` of the model's samples."""
    return batch_reference.run(read_model(model.path(data)), model.samples(data, count))


@cache
def _samples(name: str, data: Path) -> np.ndarray:
    if name == "kws":
        with (data / "kws" / "kws01" / "y_labels.csv").open() as file:
            names = [row[0] for row in csv.reader(file)]
        return np.stack([np.fromfile(data / "kws" / "kws01" / each, np.int8) for each in names])
    if name == "ad":
        spectra = np.fromfile(data / "ad" / "normal_id_01_00000000_hist_librosa.bin", np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(spectra, _AD_WINDOW)[::_AD_STEP]
        given = read_model(AD.path(data)).input
        return np.clip(np.round(windows / given.scale) + given.zero_point, -128, 127).astype(np.int8)
    file, key = {
        "vww": ("vww/vww01_test1000_96x96x3.npz", "x"),
        "ic": ("ic/cifar10_lossless_subset.npz", "x_test"),
    }[name]
    with np.load(data / file) as content:
        return (content[key].astype(np.int16) - 128).astype(np.int8)
