"""Scheduled measurement of a plan, and what got slower, larger or less accurate since."""

from harness.nightly.budget import Budget, BudgetObserver
from harness.nightly.plan import Job, Plan, Thresholds, read_plan
from harness.nightly.run import NightRun

__all__ = ["Budget", "BudgetObserver", "Job", "NightRun", "Plan", "Thresholds", "read_plan"]
