"""Scores as tables."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.report.tables.table import Cell, Table
from benchmarks.latents.exchange import Score

#: Headings and the figures under them; a column without figures is left out.
_COLUMNS = {
    "MSE": "mse",
    "bulk MSE": "bulk_mse",
    "accuracy": "accuracy",
    "vector MSE": "vector_mse",
    "logistic": "linear",
    "trees": "trees",
    "anomaly": "anomaly_auc",
    "recall@10": "recall",
    "train rows/s": "train_rows",
    "encode rows/s": "encode_rows",
}
_NOTE = (
    "Test rows. A column that is not in the latents counts as its mean or most common value. Rows "
    "per CPU-second; ours reads and writes Parquet, others have the rows in memory."
)
#: Meaning of the columns that need one.
_MEANINGS = {
    "MSE": "MSE: of numbers, in variances, mean of the columns.",
    "bulk MSE": "Bulk: without values 10 robust deviations out.",
    "accuracy": "Accuracy: of categories.",
    "vector MSE": "Vector MSE: in variances.",
    "logistic": "Logistic, trees: {metric} of logistic regression and gradient boosting on the "
    "latents alone.",
    "anomaly": "Anomaly: ROC AUC of the rows' errors.",
    "recall@10": "Recall: of the nearest vectors.",
}
_METRICS = {"auc": "ROC AUC", "f1": "F1", "macro_f1": "macro-F1"}


def score_table_of(found: Sequence[Score], metric: str) -> Table:
    """Return all scores of one table, a row for each method and dimension."""
    shown = {
        heading: name
        for heading, name in _COLUMNS.items()
        if any(getattr(one, name) is not None for one in found)
    }
    failures = dict.fromkeys(f"{one.method}: {one.failure}." for one in found if one.failure)
    meanings = [text for heading, text in _MEANINGS.items() if heading in shown]
    note = " ".join((*meanings, _NOTE)).format(metric=_METRICS.get(metric, "score"))
    return Table(
        title=f"{found[0].table}: latents",
        headings=("method", "numbers", "columns", *shown),
        rows=tuple(_row(one, list(shown.values())) for one in found),
        note=" ".join((note, *failures)),
    )


def _row(one: Score, names: Sequence[str]) -> tuple[Cell, ...]:
    columns = f"{one.n_learned}/{one.n_columns}" if one.n_columns else None
    figures = (_rounded(getattr(one, name)) for name in names)
    return (one.method, one.dim or None, columns, *figures)


def _rounded(value: float | None) -> Cell:
    return round(value) if value is not None and value >= 1000 else value
