"""Depth pruning: cut a trained network, put a small head there, train it."""

from harness.pruning.build import build_candidate, list_candidates
from harness.pruning.candidate import UNPRUNED, Candidate
from harness.pruning.cuts import CutPoint, find_cuts, model_macs, model_params
from harness.pruning.features import FeatureCache
from harness.pruning.heads import HEADS
from harness.pruning.recipes import DEFAULT_RECIPE, RECIPES, load_recipe
from harness.pruning.train import TrainedModel, train_candidate

__all__ = [
    "DEFAULT_RECIPE",
    "HEADS",
    "RECIPES",
    "UNPRUNED",
    "Candidate",
    "CutPoint",
    "FeatureCache",
    "TrainedModel",
    "build_candidate",
    "find_cuts",
    "list_candidates",
    "load_recipe",
    "model_macs",
    "model_params",
    "train_candidate",
]
