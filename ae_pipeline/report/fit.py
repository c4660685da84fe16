"""The result of a fit."""

from __future__ import annotations

from ae_pipeline.report.presenter import Presenter, presents
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.fit import FitResult


@presents(FitResult)
class FitPresenter(Presenter[FitResult]):
    """A codec and how well it was trained."""

    def tables(self) -> list[Table]:
        """One table of facts."""
        return [fit_table(self.result)]

    def warnings(self) -> list[str]:
        """Warnings of the fit."""
        return list(self.result.warnings)

    def numbers(self) -> dict[str, Cell]:
        """Identity, sizes and validation loss."""
        result = self.result
        return {
            "codec": result.codec_id,
            "state": result.state,
            "rows": result.n_rows,
            "features": result.n_features,
            "latent_dim": result.latent_dim,
            "parameters": result.n_parameters,
            "epochs": result.training.epochs,
            "validation_loss": result.training.validation_loss,
            "seconds": result.seconds,
        }


def fit_table(result: FitResult) -> Table:
    """Sizes of the codec, and how its training went."""
    training = result.training
    rows: tuple[tuple[Cell, ...], ...] = (
        ("codec", f"{result.codec_id} ({result.state})"),
        ("rows measured", result.n_rows),
        ("feature columns", result.n_features),
        ("of which constant", result.n_constant),
        ("latent_dim", result.latent_dim),
        ("parameters", result.n_parameters),
        ("epochs", training.epochs),
        ("mini-batches", training.steps),
        ("stopped by", training.stop_reason),
        ("validation loss at start", training.start_loss),
        ("validation loss kept", training.validation_loss),
        ("seconds", round(result.seconds, 1)),
    )
    return Table(
        f"Codec in {result.directory}",
        ("", "value"),
        rows,
        note="Losses: MSE in units of each column's variance, mean over columns.",
    )
