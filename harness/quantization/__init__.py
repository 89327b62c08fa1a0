"""Quantisation: a Keras model and calibration inputs to an int8 `.tflite` file."""

from harness.quantization.convert import calibration_fingerprint, quantize

__all__ = ["calibration_fingerprint", "quantize"]
