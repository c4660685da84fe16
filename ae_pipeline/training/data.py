"""The data that training reads: the resident sample and the held-out rows."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.columns import Standardization
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.dataset import RowGroup
from ae_pipeline.inputs import RowInputs
from ae_pipeline.training.sample import Matrix, ResidentSample, Section, split_validation

#: Held-out rows that are evaluated every epoch; more would only take time.
_VALIDATION_ROWS = 1 << 16
_FLOAT_BYTES = 4
#: Parts of a row group whose last rows are held out: files are often sorted by kind or time.
_PARTS = 8


class TrainingData:
    """Training and validation rows of a source, standardised.

    Args:
        groups: row groups of the source.
        features: names of the feature columns.
        standardization: source units to network inputs.
        config: validation split, memory and seed.
        window: consecutive rows per input.
        holds_out: whether validation rows are left out of training; the network of an archive
            encodes the rows it was trained on, so it learns from all of them.
        lanes: of the feature columns; None if none holds vectors.
        inputs: what the network sees of a row; None if it sees numbers alone.
    """

    def __init__(
        self,
        groups: Sequence[RowGroup],
        features: Sequence[str],
        standardization: Standardization,
        config: TrainingConfig,
        window: int = 1,
        holds_out: bool = True,
        lanes: Sequence[str] | None = None,
        inputs: RowInputs | None = None,
    ) -> None:
        n_parts = _PARTS if holds_out else 1
        training, held_out = split_validation(groups, config.validation_fraction, n_parts)
        self.inputs = RowInputs(standardization) if inputs is None else inputs
        input_bytes = _FLOAT_BYTES * self.inputs.n_inputs * window
        capacity = (config.sample_mb << 20) // input_bytes
        self.sample = ResidentSample(
            training if holds_out else _whole(groups),
            features,
            standardization,
            capacity,
            config.seed,
            window,
            lanes,
            self.inputs,
        )
        n_held_out = min(_VALIDATION_ROWS // window, capacity)
        # A source of one row has nothing to hold out; it validates itself.
        self._validation = ResidentSample(
            held_out or training,
            features,
            standardization,
            n_held_out,
            config.seed,
            window,
            lanes,
            self.inputs,
        )

    def validation(self) -> Matrix:
        """Return the held-out rows, the same in every epoch."""
        return self._validation.matrix(0)


def _whole(groups: Sequence[RowGroup]) -> list[Section]:
    return [Section(group, 0, group.n_rows) for group in groups]
