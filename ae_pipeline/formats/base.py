"""What a kind of dataset that we write must provide.

A new kind is one module with such a class, and one entry in `formats/registry.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar, TypeAlias

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.coding import Architecture, Quantizer
from ae_pipeline.columns import TableSchema
from ae_pipeline.config.job import EncodeJob, JobConfig
from ae_pipeline.dataset import Fragment, Source
from ae_pipeline.results.fidelity import ColumnFidelity
from ae_pipeline.results.inspection import InspectedColumn
from ae_pipeline.results.progress import Progress
from ae_pipeline.storage import WHOLE, Footer, Kind, Part

#: Settings of a job and what a codec has instead: (wanted, found) by the name of the setting.
Conflicts: TypeAlias = dict[str, tuple[object, object]]
#: What `inspect` shows, by its label.
Facts: TypeAlias = dict[str, str | int | float]


class FragmentFormat(ABC):
    """Turns source fragments into fragments of one kind of dataset, and back."""

    kind: ClassVar[Kind]
    #: How a person calls such a dataset.
    label: ClassVar[str]
    #: Verb of the command line that writes one.
    verb: ClassVar[str]
    #: Whether each value is promised, so that a source may be deleted once it is verified.
    has_promise: ClassVar[bool]

    @classmethod
    @abstractmethod
    def extra_of(cls, job: JobConfig) -> dict[str, str]:
        """Return what footers hold for this kind alone, as a job has it."""

    @classmethod
    @abstractmethod
    def open(cls, directory: Path, extra: Mapping[str, str]) -> FragmentFormat:
        """Load a codec; errors as `load_codec`."""

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
        """What the footer holds for this kind alone."""

    @property
    @abstractmethod
    def warnings(self) -> tuple[str, ...]:
        """What whoever decodes should know of the codec itself."""

    @property
    @abstractmethod
    def quantizers(self) -> tuple[Quantizer, ...]:
        """Grid and promise of each feature column; empty if nothing is promised."""

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
        """Return what the promise leaves of each feature column; nothing if there is none."""

    @abstractmethod
    def conflicts(self, job: EncodeJob) -> Conflicts:
        """Return settings that the job asks for and the codec was fitted without."""

    @abstractmethod
    def facts(self) -> Facts:
        """Describe the codec for `inspect`."""

    @abstractmethod
    def describe_column(self, number: int) -> InspectedColumn:
        """Describe one feature column for `inspect`."""

    @abstractmethod
    def save(self, directory: Path) -> None:
        """Write the codec; `DestinationError` if that fails."""

    @abstractmethod
    def stored_schema(self, decoded: pa.Schema) -> pa.Schema | None:
        """Return the schema that a file must have; None if other tools may have rewritten it."""

    @abstractmethod
    def stored_parts(self, leaves: Mapping[str, int], footer: Footer) -> dict[str, int]:
        """Return the bytes of the columns that stand for features, by part, of all leaf columns."""

    @abstractmethod
    def write(
        self, fragment: Fragment, path: Path, footer: Footer, arrow: pa.Schema
    ) -> tuple[str, ...]:
        """Encode a source fragment of schema `arrow` to `path`; returns warnings."""

    @abstractmethod
    def read(
        self, fragment: Fragment, footer: Footer, n_rows: int, part: Part = WHOLE
    ) -> Iterator[pa.RecordBatch]:
        """Decode a fragment in the source's schema, at most `n_rows` at a time."""
