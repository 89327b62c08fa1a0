"""Figures of a model on a connected board: latency, by layer too, accuracy, memory."""

from harness.measure.accuracy import Accuracy, ClassCount, measure_accuracy
from harness.measure.anomaly import AnomalyScores, anomaly_scores
from harness.measure.energy import Energy, measure_energy
from harness.measure.journal import Journal
from harness.measure.layers import LayerCycles, LayerProfile, measure_layers
from harness.measure.loader import Loader
from harness.measure.loading import LOADS, SerialLoader, StrictLoader, SwdLoader, make_loader
from harness.measure.memory import measure_stack
from harness.measure.performance import (
    MLPERF_TINY,
    SPREAD_LIMIT,
    Performance,
    PerformanceRules,
    measure_performance,
)
from harness.measure.predict import PhaseTime, predict
from harness.measure.samples import GivenSamples, read_samples
from harness.measure.session import start_image
from harness.measure.statistics import auc, auc_interval, wilson_interval

__all__ = [
    "LOADS",
    "MLPERF_TINY",
    "SPREAD_LIMIT",
    "Accuracy",
    "AnomalyScores",
    "ClassCount",
    "Energy",
    "GivenSamples",
    "Journal",
    "LayerCycles",
    "LayerProfile",
    "Loader",
    "Performance",
    "PerformanceRules",
    "PhaseTime",
    "SerialLoader",
    "StrictLoader",
    "SwdLoader",
    "anomaly_scores",
    "auc",
    "auc_interval",
    "make_loader",
    "measure_accuracy",
    "measure_energy",
    "measure_layers",
    "measure_performance",
    "measure_stack",
    "predict",
    "read_samples",
    "start_image",
    "wilson_interval",
]
