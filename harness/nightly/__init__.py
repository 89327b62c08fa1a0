"""Scheduled measurement of a plan, and what got slower, larger or less accurate since."""

from harness.nightly.compare import Regression
from harness.nightly.junit import junit_xml, write_junit
from harness.nightly.plan import Job, Plan, Thresholds, read_plan
from harness.nightly.run import NightlyResult, Outcome, run_plan

__all__ = [
    "Job",
    "NightlyResult",
    "Outcome",
    "Plan",
    "Regression",
    "Thresholds",
    "junit_xml",
    "read_plan",
    "run_plan",
    "write_junit",
]
