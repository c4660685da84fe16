"""Every error a user can meet, as one tree.

    AePipelineError
    ├── ConfigError                     (ValueError)         a setting is unknown or impossible
    │   └── FlattenedColumnError        (ValueError)         a tolerance leaves nothing of a column
    ├── MissingExtraError               (ImportError)        a package of an extra is not installed
    ├── SourceError
    │   ├── SourceNotFoundError         (FileNotFoundError)  nothing at that path
    │   ├── EmptySourceError            (ValueError)         no Parquet files, or no rows
    │   ├── CorruptFragmentError        (ValueError)         a file that is no readable Parquet
    │   ├── TableFormatError            (ValueError)         its files are not its rows
    │   ├── SchemaMismatchError         (ValueError)         columns differ between fragments
    │   ├── SourceChangedError          (ValueError)         rewritten since it was encoded
    │   ├── FragmentReplacedError       (OSError)            another file has its name by now
    │   ├── SourceDamagedError          (ValueError)         it rotted since, or cannot be read
    │   ├── DuplicateColumnError        (ValueError)         two columns of one name
    │   ├── UnkeptColumnError           (ValueError)         a column that cannot come back as it is
    │   └── NoFeatureColumnError        (ValueError)         nothing for the network to learn
    ├── DestinationError
    │   ├── UnwritableDestinationError  (OSError)            permissions, read-only, not a folder
    │   ├── DiskFullError               (OSError)            no space left
    │   ├── DestinationExistsError      (FileExistsError)    something of another kind is there
    │   ├── DestinationOverlapError     (ValueError)         one holds the other
    │   └── NameCollisionError          (ValueError)         two names would be one file there
    ├── CodecError
    │   ├── CodecNotFoundError          (FileNotFoundError)  no codec at that path
    │   ├── CorruptCodecError           (ValueError)         content and id disagree
    │   ├── CodecMismatchError          (ValueError)         the codec was fitted to other columns
    │   └── UnsupportedFormatError      (ValueError)         written by a newer format
    ├── PromiseBrokenError              (ValueError)         a value is not what was promised
    ├── TrainingError                   (ArithmeticError)    the loss is not a number
    ├── OutOfMemoryError                (MemoryError)        there was not enough; try again
    ├── ClusterError                    (RuntimeError)       workers cannot do the job, or are lost
    ├── StoreError                      (RuntimeError)       a store cannot be used
    │   ├── StoreUnavailableError       (RuntimeError)       it does not answer; try again
    │   └── StoreDeniedError            (RuntimeError)       no rights, or no such bucket
    └── FragmentsFailedError            (RuntimeError)       some failed, the others finished

Each is one line without control characters: what, where, expected, got, what to do. Each also
inherits the builtin a caller would expect, and survives pickling, because tasks raise them in other
processes.
"""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.escaping import one_line, visible


class AePipelineError(Exception):
    """Root of the tree: a message made of named parts.

    Args:
        what: the fault, as a short phrase.
        where: file, column, row group or setting it was found in.
        expected: what would have been right.
        got: what was there instead.
        remedy: what the reader can do next, as an imperative.
    """

    def __init__(
        self, what: str, *, where: str = "", expected: str = "", got: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.got = got
        self.remedy = remedy

    def __str__(self) -> str:
        contrast = ", ".join(
            f"{label} {part}"
            for label, part in (("expected", self.expected), ("got", self.got))
            if part
        )
        # `where` holds names alone; the other parts may quote messages of several lines.
        parts = map(one_line, (self.what, visible(self.where), contrast, self.remedy))
        return ": ".join(part for part in parts if part)

    def __reduce__(self) -> tuple[object, ...]:
        parts = (self.what, self.where, self.expected, self.got, self.remedy)
        return _rebuild, (type(self), *parts)


def listing(names: Sequence[object], most: int = 8) -> str:
    """Join names for a message, only the first of many: "a, b and 98 more"."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(str, names[:most])) + more


def _rebuild(
    kind: type[AePipelineError], what: str, where: str, expected: str, got: str, remedy: str
) -> AePipelineError:
    """Unpickle: exceptions rebuild from positional arguments; these take keywords."""
    return kind(what, where=where, expected=expected, got=got, remedy=remedy)


class ConfigError(AePipelineError, ValueError):
    """A setting is unknown, out of range or missing."""


class FlattenedColumnError(ConfigError, ValueError):
    """A tolerance is so coarse that decoded columns would lose their meaning."""


class MissingExtraError(AePipelineError, ImportError):
    """A package that only an extra of ours brings is not installed."""


class SourceError(AePipelineError):
    """The source dataset cannot be used as it is."""


class SourceNotFoundError(SourceError, FileNotFoundError):
    """There is nothing at the source path."""


class EmptySourceError(SourceError, ValueError):
    """The source holds no Parquet files, or files without a single row."""


class CorruptFragmentError(SourceError, ValueError):
    """A file is empty, truncated, damaged or not Parquet."""


class TableFormatError(SourceError, ValueError):
    """A table with a log of its own (Delta Lake, Iceberg, ...): its files hold deleted rows."""


class SchemaMismatchError(SourceError, ValueError):
    """A fragment's columns differ from those of the rest of the dataset."""


class SourceChangedError(SourceError, ValueError):
    """A source fragment was rewritten after it was encoded, so errors would mean nothing."""


class FragmentReplacedError(SourceError, OSError):
    """Another file replaced a fragment while it was read; reading it again may succeed."""


class SourceDamagedError(SourceError, ValueError):
    """A source fragment cannot be read, or no longer proves to be the file that was encoded.

    Its archive file is not to blame, and may be the only good copy.
    """


class DuplicateColumnError(SourceError, ValueError):
    """Two columns share one name, so neither can be addressed."""


class UnkeptColumnError(SourceError, ValueError):
    """A column, or a value in it, cannot be restored exactly."""


class NoFeatureColumnError(SourceError, ValueError):
    """No column is numeric and chosen as a feature, or none of them varies."""


class DestinationError(AePipelineError):
    """The dataset cannot be written to its destination."""


class UnwritableDestinationError(DestinationError, OSError):
    """The destination is not a folder, is read-only, or may not be written."""


class DiskFullError(DestinationError, OSError):
    """The destination ran out of space; nothing was published."""


class DestinationExistsError(DestinationError, FileExistsError):
    """The destination holds files that ae-pipeline did not write, or another dataset."""


class DestinationOverlapError(DestinationError, ValueError):
    """Writing there would mix the output into the source."""


class NameCollisionError(DestinationError, ValueError):
    """The destination's file system takes two names of the source for one."""


class CodecError(AePipelineError):
    """A codec cannot be used."""


class CodecNotFoundError(CodecError, FileNotFoundError):
    """There is no codec directory at that path."""


class CorruptCodecError(CodecError, ValueError):
    """A codec's files do not hash to its id."""


class CodecMismatchError(CodecError, ValueError):
    """The codec was fitted to other columns than it is applied to."""


class UnsupportedFormatError(CodecError, ValueError):
    """The bytes name a format version that this release does not read."""


class PromiseBrokenError(AePipelineError, ValueError):
    """A value is further off than its tolerance, or not exact where it must be."""


class TrainingError(AePipelineError, ArithmeticError):
    """Training diverged: the loss is NaN or infinite."""


class OutOfMemoryError(AePipelineError, MemoryError):
    """Memory ran out. No file is to blame; another attempt may succeed."""


class ClusterError(AePipelineError, RuntimeError):
    """Workers cannot be started or do the job, or were lost while they did."""


class StoreError(AePipelineError, RuntimeError):
    """An object store cannot be used; no `OSError`, which would mean that a file is not there."""


class StoreUnavailableError(StoreError, RuntimeError):
    """An object store does not answer, in spite of retries; it may later."""


class StoreDeniedError(StoreError, RuntimeError):
    """An object store grants no access, or has no such bucket."""


class FragmentsFailedError(AePipelineError, RuntimeError):
    """Some fragments failed while the others were finished."""
