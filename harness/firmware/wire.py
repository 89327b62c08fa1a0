"""What EnergyRunner's model ids say of samples on the serial line: signed bytes, pixels or float32."""

import numpy as np

from harness.firmware.image import TensorSpec

PIXEL_MODELS = ("vww01", "ic01")
"""Their samples travel as unsigned pixels; the tensor's int8 is the pixel less 128."""

REBUILDING_MODELS = ("ad01",)
"""Their samples travel as float32, little-endian, and their result is one value: how badly the input was rebuilt."""

_TO_PIXELS = bytes(byte ^ 0x80 for byte in range(256))


def to_wire(sample: bytes, model_id: str, tensor: TensorSpec) -> bytes:
    """A sample as it travels by serial.

    Args:
        sample: The bytes of the int8 input tensor.
        model_id: What the image answers to `profile`.
        tensor: The input tensor.

    Returns:
        As many bytes, or four times as many where the model takes float32; the device makes `sample` of them.
    """
    if model_id in PIXEL_MODELS:
        return sample.translate(_TO_PIXELS)
    if model_id in REBUILDING_MODELS:
        return tensor.dequantize(np.frombuffer(sample, np.int8)).astype("<f4").tobytes()
    return sample


def printed_values(model_id: str, tensor: TensorSpec) -> int:
    """Values in `m-results` of an image whose output is `tensor`."""
    return 1 if model_id in REBUILDING_MODELS else tensor.size_bytes
