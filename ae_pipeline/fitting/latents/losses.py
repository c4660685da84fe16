"""The losses of decoded rows, as training counts them: squared errors and cross-entropy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from ae_pipeline.inputs import RowInputs

Matrix = Float32[np.ndarray, "rows inputs"]

#: Nats: where categories come back nearly for certain, what they lose counts against this.
_CERTAIN = 1e-3


@dataclass(frozen=True)
class RowLosses:
    """Losses of decoded rows.

    Args:
        inputs: what the network sees of a row.
        rows: as the network sees them, NaN where a value is missing or unknown.
    """

    inputs: RowInputs
    rows: Matrix

    def of(self, decoded: Matrix, exact: Matrix) -> float:
        """Return the squared error of numbers and texts, with what categories lose by rounding.

        Args:
            decoded: from latents as they are stored.
            exact: from latents that are not rounded. The relative growth of cross-entropy from
                these to `decoded` raises the squared error by as much; with categories
                alone, the cross-entropy is the loss.
        """
        loss, own = self.squared(exact), self.cross_entropy(decoded)
        before = self.cross_entropy(exact)
        if not self.inputs.n_numbers and not self.inputs.texts:
            return own
        growth = max(own - before, 0.0) / max(before, _CERTAIN)
        return self.squared(decoded) + loss * growth

    def squared(self, decoded: Matrix) -> float:
        """Return the mean squared error of the numbers that are present; a text is one of them."""
        n_numbers, n_texts = self.inputs.n_numbers, len(self.inputs.texts)
        off = decoded[:, :n_numbers] - self.rows[:, :n_numbers]
        known = off[np.isfinite(off)]
        error = float(np.mean(np.square(known, dtype=np.float64))) if known.size else 0.0
        distances = sum(self._distance(decoded, span) for span in self.inputs.text_spans)
        return (error * n_numbers + distances) / max(n_numbers + n_texts, 1)

    def _distance(self, decoded: Matrix, span: slice) -> float:
        """Return the mean squared distance of the bags of a text, which are of length 1."""
        off = np.square(decoded[:, span] - self.rows[:, span], dtype=np.float64)
        return float(off.sum(axis=1).mean())

    def cross_entropy(self, decoded: Matrix) -> float:
        """Return the mean nats of the categories that are known."""
        found = [
            _nats(self.rows[:, span] + category.prior, decoded[:, span])
            for category, span in self.inputs.category_spans
        ]
        known = np.concatenate(found) if found else np.zeros(0)
        return float(known.mean()) if known.size else 0.0


def _nats(shares: Matrix, logits: Matrix) -> Float32[np.ndarray, "known"]:
    is_known = np.isfinite(shares).all(axis=1)
    logits = logits[is_known] - logits[is_known].max(axis=1, keepdims=True)
    normal = np.log(np.exp(logits).sum(axis=1))
    found: Float32[np.ndarray, "known"] = normal - (shares[is_known] * logits).sum(axis=1)
    return found
