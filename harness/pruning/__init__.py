"""Depth pruning: cut a trained network, put a small head there, train it."""

from harness.pruning.build import build_candidate, list_candidates
from harness.pruning.candidate import UNPRUNED, Candidate
from harness.pruning.cuts import CutPoint, find_cuts, model_macs, model_params, model_peak_ram_bytes
from harness.pruning.features import FeatureCache
from harness.pruning.heads import CONTROL, DEFAULT_HEADS, HEADS, WIDENED_HEADS
from harness.pruning.overview import CutOverview, overview
from harness.pruning.recipes import DEFAULT_RECIPE, RECIPES, load_recipe
from harness.pruning.train import TrainedModel, most_epochs, train_candidate

__all__ = [
    "CONTROL",
    "DEFAULT_HEADS",
    "DEFAULT_RECIPE",
    "HEADS",
    "RECIPES",
    "UNPRUNED",
    "WIDENED_HEADS",
    "Candidate",
    "CutOverview",
    "CutPoint",
    "FeatureCache",
    "TrainedModel",
    "build_candidate",
    "find_cuts",
    "list_candidates",
    "load_recipe",
    "model_macs",
    "model_params",
    "model_peak_ram_bytes",
    "most_epochs",
    "overview",
    "train_candidate",
]
