"""The protocol of every kind of dataset that ae-pipeline writes.

A new kind is one module with such a class, and one entry in `formats/registry.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeAlias  # Any: each kind has a codec of its own

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float64

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import Architecture, Quantizer
from ae_pipeline.columns import TableSchema
from ae_pipeline.config.effort import Effort
from ae_pipeline.config.job import EncodeJob, JobConfig
from ae_pipeline.dataset import Fragment, Source
from ae_pipeline.formats.statistics import Statistics
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.inspection import InspectedColumn
from ae_pipeline.results.progress import Progress
from ae_pipeline.storage import WHOLE, Footer, Kind, Part

#: Settings in which a job and a codec differ: (wanted, found) by the setting's name.
Conflicts: TypeAlias = dict[str, tuple[object, object]]
#: Values that `inspect` shows, by label.
Facts: TypeAlias = dict[str, str | int | float]


class FragmentFormat(ABC):
    """Turns source fragments into fragments of one kind of dataset, and back."""

    kind: ClassVar[Kind]
    #: Name of such a dataset in messages.
    label: ClassVar[str]
    #: Command-line verb that writes one.
    verb: ClassVar[str]
    #: Whether every value keeps a promise, so that a source may be deleted once it is verified.
    has_promise: ClassVar[bool]
    #: Whether a reader who opens such a dataset wants the source's rows, not what is stored.
    reads_as_source: ClassVar[bool]

    @classmethod
    @abstractmethod
    def extra_of(cls, job: JobConfig) -> dict[str, str]:
        """Return the footer entries that only this kind has, as the job sets them."""

    @classmethod
    @abstractmethod
    def wrap(cls, codec: Any, extra: Mapping[str, str]) -> FragmentFormat:
        """Return the format of a codec of this kind.

        Args:
            codec: a codec whose `kind` is this one.
            extra: footer entries that only this kind has; needed to encode.
        """

    @classmethod
    @abstractmethod
    def fit(
        cls,
        job: JobConfig,
        source: Source,
        checkpoint: Path,
        progress: Progress,
        before_training: Callable[[], object],
    ) -> FragmentFormat:
        """Fit a codec to fragments that suit each other.

        Args:
            job: settings.
            source: fragments that are `fittable`.
            checkpoint: folder for the state of training.
            progress: called while measuring and training.
            before_training: called once nothing but training can fail.

        Raises:
            AePipelineError: the source or a setting does not allow a fit, or training diverged.
        """

    @classmethod
    @abstractmethod
    def check_names(cls, roles: TableSchema, extra: Mapping[str, str]) -> None:
        """Raise `ConfigError` if a column has the name of one that encode adds."""

    @classmethod
    @abstractmethod
    def roles(cls, arrow: pa.Schema, job: JobConfig, where: str, like: TableSchema) -> TableSchema:
        """Return the features that a fit would choose; errors as `resolve_roles`.

        Args:
            arrow: schema of the source.
            job: settings.
            where: path for messages.
            like: roles of a codec, which settle what the values of a column decide.
        """

    def with_effort(self, effort: Effort) -> FragmentFormat:
        """Return the format that writes with this effort; itself, of a kind with one way alone."""
        return self

    @property
    @abstractmethod
    def codec_id(self) -> str:
        """Id of the codec in use."""

    @property
    @abstractmethod
    def schema(self) -> TableSchema:
        """Schema and roles of the source that the codec was fitted to."""

    @property
    @abstractmethod
    def provenance(self) -> Provenance:
        """Where the codec came from."""

    @property
    @abstractmethod
    def error_scale(self) -> Float64[np.ndarray, "features"]:
        """Divisor of each column's errors in reports, in source units."""

    @property
    @abstractmethod
    def extra(self) -> dict[str, str]:
        """Footer entries that only this kind has."""

    @property
    @abstractmethod
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the codec itself, for whoever decodes."""

    @property
    @abstractmethod
    def quantizers(self) -> tuple[Quantizer, ...]:
        """Grid and promise of each feature column; empty if nothing is promised."""

    @property
    def categories(self) -> frozenset[str]:
        """Feature columns whose values are told apart, not measured; none by default."""
        return frozenset()

    @property
    def texts(self) -> tuple[str, ...]:
        """Kept columns that encode reads, too; none by default."""
        return ()

    @property
    @abstractmethod
    def architecture(self) -> Architecture | None:
        """Shape of the networks; None if there are none."""

    @property
    @abstractmethod
    def n_constant(self) -> int:
        """Feature columns that held one value when the codec was fitted."""

    @property
    @abstractmethod
    def drift_reference(self) -> ArchiveCodec | None:
        """Codec that new data is compared with; None if this kind does not watch drift."""

    @abstractmethod
    def fidelity(self) -> tuple[ColumnFidelity, ...]:
        """Return how much of each feature column the promise preserves; empty if there is none."""

    @abstractmethod
    def conflicts(self, job: EncodeJob) -> Conflicts:
        """Return settings that the job asks for but the codec was not fitted with."""

    @abstractmethod
    def facts(self) -> Facts:
        """Describe the codec for `inspect`."""

    @abstractmethod
    def describe_column(self, number: int) -> InspectedColumn:
        """Describe one feature column for `inspect`."""

    def statistics(self, metadata: pq.FileMetaData, footer: Footer, where: str) -> list[Statistics]:
        """Return the bounds of coded columns in each row group of a fragment; none by default."""
        return []

    @abstractmethod
    def save(self, directory: Path) -> None:
        """Write the codec; `DestinationError` if that fails."""

    @abstractmethod
    def stored_schema(self, decoded: pa.Schema) -> pa.Schema | None:
        """Return the schema that a file must have; None if other tools may have rewritten it."""

    @abstractmethod
    def stored_parts(self, leaves: Mapping[str, int], footer: Footer) -> dict[str, int]:
        """Return the bytes by part of columns that stand for features, from all leaf columns."""

    @abstractmethod
    def write(
        self, fragment: Fragment, path: Path, footer: Footer, arrow: pa.Schema
    ) -> tuple[str, ...]:
        """Encode a source fragment of schema `arrow` to `path`; return warnings."""

    @abstractmethod
    def read(
        self, fragment: Fragment, footer: Footer, n_rows: int, part: Part = WHOLE
    ) -> Iterator[pa.RecordBatch]:
        """Decode a fragment in the source's schema, at most `n_rows` at a time."""
