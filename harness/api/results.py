"""What was measured, from the store."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from harness.api.folders import as_path
from harness.errors import InputError
from harness.measure import Accuracy, LayerProfile
from harness.store import Measurement, Store

if TYPE_CHECKING:
    import pandas as pd


def load_answers(row: Measurement, *, results_dir: Path | str | None = None) -> Accuracy:
    """What the board answered to every sample of a row.

    Args:
        row: As `bench` gave it.
        results_dir: Folder of the store that it is in.

    Raises:
        InputError: No samples were asked in this row.
        StoreError: The answers are not in the store any more.
    """
    if row.outputs_sha256 is None:
        raise InputError("no samples were asked in this run; measure it again with --task or --samples")
    with Store(as_path(results_dir), create=False) as store:
        return Accuracy.from_csv(store.artifacts.read(row.outputs_sha256).decode(), row.retries or 0)


def load_layers(row: Measurement, *, results_dir: Path | str | None = None) -> LayerProfile:
    """The cycles of each layer that were measured with a row.

    Args:
        row: As `bench(..., layers=True)` gave it.
        results_dir: Folder of the store that it is in.

    Raises:
        InputError: No layers were measured with this row.
        StoreError: The profile is not in the store any more.
    """
    if row.layers_sha256 is None:
        raise InputError("no layers were timed in this run; measure it again with --layers")
    with Store(as_path(results_dir), create=False) as store:
        return LayerProfile.from_json(json.loads(store.artifacts.read(row.layers_sha256)))


def load_results(study: str | None = None, *, results_dir: Path | str | None = None) -> "pd.DataFrame":
    """Measurements as a pandas frame, a row each, units in the column names.

    Args:
        study: Only those of this study; None for all.
        results_dir: Folder of the store.

    Raises:
        InputError: There is no such study or no store.
    """
    with Store(as_path(results_dir), create=False) as store:
        if study is not None:
            store.study(study)
        return store.frame(study)
