"""The serial link of a device under test: EnergyRunner's protocol as typed calls."""

from harness.dut.client import Boot, Dut, InferReply, ProfileReply
from harness.dut.events import Cycles, ImageInfo, Layer, StackUse

__all__ = ["Boot", "Cycles", "Dut", "ImageInfo", "InferReply", "Layer", "ProfileReply", "StackUse"]
