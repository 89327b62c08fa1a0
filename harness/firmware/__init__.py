"""From a `.tflite` file and a board kind to a firmware image."""

from harness.firmware.build import build_fingerprint, build_image
from harness.firmware.image import Image, SizeReport, TensorSpec

__all__ = ["Image", "SizeReport", "TensorSpec", "build_fingerprint", "build_image"]
