"""Latent features as a transformer of scikit-learn, for its pipelines and searches.

Example::

    from ae_pipeline.sklearn import LatentFeatures

    model = make_pipeline(LatentFeatures(latent_dim=8), LogisticRegression())

scikit-learn is not installed with this package: Keras would import it with everything else.
"""

from __future__ import annotations

from typing import Any  # what scikit-learn's functions take and return

import numpy as np
import pyarrow as pa
from jaxtyping import Float, Float32, Float64
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ae_pipeline.calling import RowCodec, fit
from ae_pipeline.formats import MISSING_COLUMN

_LATENT = "latent"


class LatentFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # no types
    """Turns rows of numbers into the latents of an autoencoder that is trained on them.

    NaN is allowed: it enters the network as the centre of its column.

    Args:
        latent_dim: numbers of a latent; None for half the columns, as `fit` chooses.
        hidden: widths of the encoder's hidden layers, mirrored in the decoder.
        epochs: passes through the rows, at most.
        loss_threshold: stop once the loss is this low; None to go on.
        seed: of all randomness.
        settings: keys of a job file, such as `{"training__batch_size": 256}`; None for none.

    Attributes:
        codec_: what turns rows into latents and back.
        n_features_in_: columns that it was fitted to.
    """

    def __init__(
        self,
        latent_dim: int | None = None,
        *,
        hidden: tuple[int, ...] = (64, 64),
        epochs: int = 50,
        loss_threshold: float | None = None,
        seed: int = 0,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.epochs = epochs
        self.loss_threshold = loss_threshold
        self.seed = seed
        self.settings = settings

    def fit(self, X: Any, y: object = None) -> LatentFeatures:  # noqa: N803, scikit-learn's name
        """Train on rows.

        Args:
            X: array or frame, rows by columns of numbers.
            y: not used.

        Raises:
            ValueError: X has fewer than two rows, no columns, or other values than numbers.
            AePipelineError: training diverged.
        """
        values = self._checked(X, is_new=True)
        settings: dict[str, Any] = {
            "latent_dim": self.latent_dim,
            "network__encoder_hidden": list(self.hidden),
            "epochs": self.epochs,
            "training__loss_threshold": self.loss_threshold,
            "training__seed": self.seed,
            **(self.settings or {}),
        }
        self.codec_: RowCodec = fit(_table(values), **settings)
        self._n_features_out = self.codec_.latent_dim
        return self

    def transform(self, X: Any) -> Float32[np.ndarray, "rows latent"]:  # noqa: N803
        """Return the latents of rows; errors as `fit`."""
        check_is_fitted(self)
        found = self.codec_.encode(_table(self._checked(X, is_new=False)))[_LATENT]
        flat = found.combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return self.codec_.codec.rounding.unpack(flat.reshape(-1, self._n_features_out))

    def inverse_transform(self, X: Any) -> Float64[np.ndarray, "rows features"]:  # noqa: N803
        """Return the rows that latents stand for, approximately.

        Args:
            X: latents, as `transform` returns them.
        """
        check_is_fitted(self)
        latents = check_array(X, dtype=np.float32)
        flat = pa.array(latents.ravel())
        rows = {
            _LATENT: pa.FixedSizeListArray.from_arrays(flat, self._n_features_out),
            MISSING_COLUMN: pa.nulls(len(latents), pa.binary()),
        }
        found = self.codec_.decode(pa.table(rows))
        columns = [found[name].to_numpy() for name in _names(self.n_features_in_)]
        return np.column_stack(columns).astype(np.float64)

    def _checked(self, given: Any, *, is_new: bool) -> Float64[np.ndarray, "rows features"]:
        values: Float64[np.ndarray, "rows features"] = validate_data(
            self,
            given,
            reset=is_new,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            ensure_min_samples=2 if is_new else 1,
        )
        return values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        tags.non_deterministic = False
        return tags


def _names(n_columns: int) -> list[str]:
    return [f"x{number}" for number in range(n_columns)]


def _table(values: Float[np.ndarray, "rows features"]) -> pa.Table:
    columns = map(np.ascontiguousarray, values.T)
    return pa.table(dict(zip(_names(values.shape[1]), columns, strict=True)))
