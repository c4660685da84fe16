"""Latent features in scikit-learn: its own checks of an estimator, and rows that come back."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed, and no extra brings it")

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from ae_pipeline.sklearn import LatentFeatures


def rows(n_rows: int = 500) -> np.ndarray:
    """Six columns that depend on two."""
    hidden = np.random.default_rng(0).normal(size=(n_rows, 2))
    return hidden @ np.random.default_rng(1).normal(size=(2, 6))


@pytest.mark.heavy
def test_checks_of_estimators() -> None:
    """Every check that scikit-learn has for a transformer passes."""
    check_estimator(LatentFeatures(1, hidden=(4,), epochs=1), on_skip=None)


@pytest.mark.slow
def test_rows_come_back() -> None:
    """Rows of two hidden numbers come back from latents of two, also after pickling."""
    values = rows()
    model = LatentFeatures(2, hidden=(8,), epochs=3).fit(values)
    latents = model.transform(values)
    assert latents.shape == (500, 2)
    assert np.abs(model.inverse_transform(latents) - values).max() < 1e-3
    again = pickle.loads(pickle.dumps(model))  # noqa: S301, our own
    assert np.array_equal(again.transform(values), latents)
    assert list(model.get_feature_names_out()) == ["latentfeatures0", "latentfeatures1"]


@pytest.mark.slow
def test_in_a_pipeline() -> None:
    """A classifier on latents learns what one on the rows learns, NaN or not."""
    values = rows()
    labels = values[:, 0] > 0
    values[::50, 1] = np.nan
    model = make_pipeline(LatentFeatures(2, hidden=(8,), epochs=3), LogisticRegression())
    assert model.fit(values, labels).score(values, labels) > 0.9


@pytest.mark.slow
def test_latents_of_eight_bits_are_floats() -> None:
    """Latents that files hold as integers are what the decoder takes; rows come back coarser."""
    values = rows()
    settings = {"latent__type": "int8"}
    model = LatentFeatures(2, hidden=(8,), epochs=3, settings=settings).fit(values)
    latents = model.transform(values)
    assert latents.dtype == np.float32
    assert len(np.unique(latents)) < 256
    assert np.abs(model.inverse_transform(latents) - values).mean() < 0.1
