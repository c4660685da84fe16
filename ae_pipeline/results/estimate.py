"""What encoding would give, told before anything is written."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.fidelity import ColumnFidelity


@dataclass(frozen=True)
class EstimatedColumn:
    """A feature column at one tolerance, in source units; errors are those of the sample."""

    name: str
    tolerance: float
    rmse: float
    max_error: float


@dataclass(frozen=True)
class EstimatedOption:
    """The whole source at one tolerance.

    Args:
        label: what it is called: 1 %, 2 decimals, exact.
        tolerance: a part of each column's spread, or of another `tolerance.kind`; 0 if it is none.
        method: what would be used, as the planner calls it.
        payload_bytes: of all blocks.
        model_bytes: of predictor and networks.
        simple_bytes: of the best that codes columns one by one (quantise + pcodec).
        archive_bytes: of all files, kept columns and containers included.
        columns: what each column would lose.
        fidelity: what each column would keep.
        in_the_way: columns that would not keep their meaning, but those that a rule names.
    """

    label: str
    tolerance: float
    method: str
    payload_bytes: int
    model_bytes: int
    simple_bytes: int
    archive_bytes: int
    columns: tuple[EstimatedColumn, ...]
    fidelity: tuple[ColumnFidelity, ...]
    in_the_way: tuple[ColumnFidelity, ...]

    @property
    def gain(self) -> float:
        """How many times smaller than the simple codec."""
        return self.simple_bytes / max(self.payload_bytes + self.model_bytes, 1)


@dataclass(frozen=True)
class Estimate:
    """A forecast.

    Args:
        source: path.
        n_rows: of the source.
        n_sampled: rows that were looked at.
        source_bytes: of its files.
        raw_bytes: of its feature columns uncompressed.
        options: one per tolerance.
        others: two decimals, if every column keeps its meaning then, and exact.
        recommended: label of the coarsest option in which every column keeps its meaning.
        fit_s: wall seconds that fitting would take, about.
        encode_s: CPU-seconds that encoding would take, about.
        decode_s: CPU-seconds that decoding would take, about.
        memory_mb: that encoding would take with the workers of the settings, about.
        verdict: what to do, and what is in the way of more.
        seconds: that the forecast took.
    """

    source: str
    n_rows: int
    n_sampled: int
    source_bytes: int
    raw_bytes: int
    options: tuple[EstimatedOption, ...]
    others: tuple[EstimatedOption, ...]
    recommended: str
    fit_s: float
    encode_s: float
    decode_s: float
    memory_mb: float
    verdict: str
    seconds: float
