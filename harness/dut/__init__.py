"""The serial link of a device under test: EnergyRunner's protocol as typed calls."""

from harness.dut.client import Dut
from harness.dut.events import Cycles, ImageInfo, Layer, StackUse
from harness.dut.replies import Boot, InferReply, ProfileReply

__all__ = ["Boot", "Cycles", "Dut", "ImageInfo", "InferReply", "Layer", "ProfileReply", "StackUse"]
