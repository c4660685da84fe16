"""Small things to train on: rows, files, settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any  # Any: settings of several types

import numpy as np
import pyarrow as pa

from ae_pipeline.columns import Standardization
from ae_pipeline.config.job import JobConfig
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.dataset import RowGroup, list_row_groups
from tests.support.data.tables import write_fragment

if TYPE_CHECKING:
    from ae_pipeline.training.data import TrainingData


def write_groups(path: Path, values: np.ndarray, group_rows: int = 64) -> list[RowGroup]:
    """Row groups of a file with the columns of `values` [rows, features]; NaN are null."""
    columns = {
        f"c{index}": pa.array(column, from_pandas=True) for index, column in enumerate(values.T)
    }
    fragment = write_fragment(path, pa.table(columns), row_group_size=group_rows)
    return list_row_groups([fragment])


def feature_names(n_features: int) -> tuple[str, ...]:
    """Columns of `write_groups`."""
    return tuple(f"c{index}" for index in range(n_features))


def plain_standardization(n_features: int, clip_sigma: float = 1e9) -> Standardization:
    """One that changes nothing."""
    return Standardization(np.zeros(n_features), np.ones(n_features), clip_sigma)


def training_job(**settings: Any) -> JobConfig:
    """A job with these training settings, small batches and no checkpoints but on request."""
    training = {"batch_size": 16, "epochs": 3, "checkpoint_s": 1e9, **settings}
    return JobConfig(training=TrainingConfig(**training))


def training_data(
    folder: Path, rows: np.ndarray, job: JobConfig, clip_sigma: float = 1e9
) -> TrainingData:
    """The rows in a file, not standardised."""
    from ae_pipeline.training.data import TrainingData

    groups = write_groups(folder / "rows.parquet", rows)
    n_features = rows.shape[1]
    standardization = plain_standardization(n_features, clip_sigma)
    return TrainingData(groups, feature_names(n_features), standardization, job.training)


def bent_rows(n_rows: int, n_columns: int = 4, seed: int = 0) -> np.ndarray:
    """[rows, columns] on a bent surface of two dimensions, standardised: PCA is not enough."""
    generator = np.random.default_rng(seed)
    hidden = generator.uniform(-1, 1, (n_rows, 2))
    mixed = hidden @ generator.normal(size=(2, n_columns))
    rows = mixed + np.abs(hidden) @ generator.normal(size=(2, n_columns))
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def tensor(values: Any) -> Any:
    """A TensorFlow constant; `ae_pipeline.network` first sets what TensorFlow reads."""
    import ae_pipeline.network  # noqa: F401  isort: skip
    import tensorflow as tf

    return tf.constant(values)
