"""The verbs of the harness as functions; the command line only parses and prints around them."""

from harness.api.bench import bench
from harness.api.build import build, shrink
from harness.api.cuts import cuts
from harness.api.results import load_answers, load_layers, load_results
from harness.api.search import search
from harness.search.observer import Observer

__all__ = [
    "Observer",
    "bench",
    "build",
    "cuts",
    "load_answers",
    "load_layers",
    "load_results",
    "search",
    "shrink",
]
