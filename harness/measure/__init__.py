"""Figures of a model on a connected board: latency, by layer too, accuracy, memory."""

from harness.measure.accuracy import Accuracy, measure_accuracy
from harness.measure.layers import LayerCycles, LayerProfile, measure_layers
from harness.measure.memory import measure_stack
from harness.measure.performance import Performance, PerformanceRules, measure_performance
from harness.measure.session import start_image
from harness.measure.statistics import wilson_interval

__all__ = [
    "Accuracy",
    "LayerCycles",
    "LayerProfile",
    "Performance",
    "PerformanceRules",
    "measure_accuracy",
    "measure_layers",
    "measure_performance",
    "measure_stack",
    "start_image",
    "wilson_interval",
]
