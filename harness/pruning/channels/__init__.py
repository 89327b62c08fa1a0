"""Channel pruning: gates on channels, trained against what they cost on the board, and the smaller network.

In the spirit of Liberis and Lane, "Differentiable Network Pruning for Microcontrollers" (arXiv 2110.08350):
structured pruning while the network trains, with the use of the microcontroller's memory and time in the
loss. Their exact parametrisation is not the one here; see docs/adr/008.
"""

from harness.pruning.channels.anneal import Annealing, anneal
from harness.pruning.channels.costs import LayerSample, LayerTimes, fit_layer_times
from harness.pruning.channels.dead import drop_dead_channels
from harness.pruning.channels.groups import ChannelGraph, find_groups
from harness.pruning.channels.magnitude import magnitude_prune
from harness.pruning.channels.prune import PrunedChannels, prune_channels
from harness.pruning.channels.resources import Budget, Calibration, Resources

__all__ = [
    "Annealing",
    "Budget",
    "Calibration",
    "ChannelGraph",
    "LayerSample",
    "LayerTimes",
    "PrunedChannels",
    "Resources",
    "anneal",
    "drop_dead_channels",
    "find_groups",
    "fit_layer_times",
    "magnitude_prune",
    "prune_channels",
]
