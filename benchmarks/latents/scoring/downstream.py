"""Scores of what a model learns of latents: two classifiers, and the neighbours of vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any  # Any: matrices of scipy and models have no types

import numpy as np
from scipy import sparse
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.latents.exchange import UNKNOWN, Inputs
from benchmarks.latents.peers.design import Design

if TYPE_CHECKING:
    from jaxtyping import Float

_STEPS, _NEIGHBOURS, _MOST_QUERIES, _SEED = 1000, 10, 1000, 0
#: Metrics of a target that classifiers learn.
LEARNED = ("auc", "f1", "macro_f1")


def linear_score(inputs: Inputs, rows: Any) -> float:
    """Return the score of logistic regression on rows of numbers, dense or sparse."""
    scaler = StandardScaler(with_mean=not sparse.issparse(rows))
    return _score(inputs, rows, make_pipeline(scaler, LogisticRegression(max_iter=_STEPS)))


def trees_score(inputs: Inputs, rows: Any) -> float:
    """Return the score of histogram gradient boosting on dense rows of numbers."""
    return _score(inputs, rows, HistGradientBoostingClassifier(random_state=_SEED))


def raw_scores(inputs: Inputs) -> tuple[float, float | None]:
    """Return both scores on the columns themselves; trees learn no text."""
    linear = linear_score(inputs, Design(inputs).matrix())
    if len(inputs.text):
        return linear, None
    columns = [inputs.numbers, inputs.categories.astype(np.float64), inputs.vectors]
    return linear, trees_score(inputs, np.concatenate(columns, axis=1))


def recall_of_neighbours(inputs: Inputs, latents: Float[np.ndarray, "rows latent"]) -> float:
    """Return the share of test vectors' nearest training vectors that latents find, too."""
    found = [_nearest(inputs, rows) for rows in (inputs.vectors, latents)]
    shared = [len(np.intersect1d(*pair)) for pair in zip(*found, strict=True)]
    return float(np.mean(shared)) / _NEIGHBOURS


def anomaly_auc(inputs: Inputs, errors: Float[np.ndarray, " rows"]) -> float:
    """Return the ROC AUC of rows' errors for the labels of the test rows."""
    is_scored = inputs.is_test & (inputs.target != UNKNOWN)
    return float(roc_auc_score(inputs.target[is_scored], errors[is_scored]))


def _nearest(inputs: Inputs, rows: Any) -> Any:
    index = NearestNeighbors(n_neighbors=_NEIGHBOURS, algorithm="brute")
    index.fit(rows[~inputs.is_test])
    queries = rows[inputs.is_test][:_MOST_QUERIES]
    return index.kneighbors(queries, return_distance=False)


def _score(inputs: Inputs, rows: Any, model: Any) -> float:
    train, test = np.flatnonzero(~inputs.is_test), np.flatnonzero(inputs.is_test)
    model.fit(rows[train], inputs.target[train])
    truth = inputs.target[test]
    if inputs.metric == "auc":
        return float(roc_auc_score(truth, model.predict_proba(rows[test])[:, 1]))
    average = "binary" if inputs.metric == "f1" else "macro"
    return float(f1_score(truth, model.predict(rows[test]), average=average))
