"""A forecast of what encoding would give, made before anything is written."""

from __future__ import annotations

from dataclasses import dataclass

from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.fit import ColumnCost
from ae_pipeline.results.result import Result


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
        label: name of the option: 1 %, 2 decimals, exact.
        tolerance: a fraction of each column's spread, or of another `tolerance.kind`; 0 if the
            option is not a fraction.
        method: the planner's name for the method it would use.
        payload_bytes: all encoded blocks.
        model_bytes: table model, predictor and networks.
        simple_bytes: the encoded columns one by one: features by quantise + pcodec, others as
            plain Parquet.
        archive_bytes: all files, kept columns and containers included.
        columns: error of each column.
        fidelity: what each column would keep.
        in_the_way: columns that would lose their meaning, except those that a rule names.
        costs: bytes of each column as plain Parquet and coded.
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
    costs: tuple[ColumnCost, ...] = ()

    @property
    def gain(self) -> float:
        """How many times smaller than the simple codec."""
        return self.simple_bytes / max(self.payload_bytes + self.model_bytes, 1)


@dataclass(frozen=True, repr=False)
class Estimate(Result):
    """A forecast for one source.

    Args:
        source: path.
        n_rows: rows of the source.
        n_sampled: rows that were read.
        source_bytes: size of its files.
        raw_bytes: size of its encoded columns uncompressed.
        options: one per tolerance.
        others: two decimals, if every column keeps its meaning then, and exact.
        recommended: label of the coarsest option in which every column keeps its meaning.
        fit_s: approximate wall seconds of fitting.
        encode_s: approximate CPU-seconds of encoding.
        decode_s: approximate CPU-seconds of decoding.
        memory_mb: approximate memory of encoding with the workers of the settings.
        verdict: what to do, and which columns stand in the way of more.
        seconds: wall time of the forecast.
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
