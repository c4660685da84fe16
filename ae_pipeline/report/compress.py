"""The result of one run of compress: plan, drift, what was written and what was verified."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.report.backfill import replaced_lines
from ae_pipeline.report.dataset import dataset_headline, dataset_numbers
from ae_pipeline.report.drift import drift_table
from ae_pipeline.report.errors import partition_table
from ae_pipeline.report.fidelity import fidelity_tables
from ae_pipeline.report.partitions import compress_table
from ae_pipeline.report.presenter import Presenter, present, presents
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.compress import CompressReport, Intention
from ae_pipeline.results.dataset import DatasetReport, FragmentFailure


@presents(CompressReport)
class CompressPresenter(Presenter[CompressReport]):
    """Plan and drift, then encoding and verification with few tables each."""

    def __init__(self, result: CompressReport) -> None:
        super().__init__(result)
        self._plan = present(result.plan)

    def headline(self) -> str:
        """Bytes of the archive as a whole, or of the files that this run was about."""
        most = max(self._reports(), key=lambda report: report.total.n_fragments, default=None)
        if most is None:
            return ""
        n_all = len(self.result.plan.fragments)
        return dataset_headline(most, is_whole=most.total.n_fragments == n_all)

    def tables(self) -> list[Table]:
        """Plan, drift, partitions written, partitions verified, and what columns keep."""
        drift, reports = self.result.drift, self._reports()
        return [
            *self._plan.tables(),
            *([] if drift is None else [drift_table(drift)]),
            *map(partition_table, reports),
            *(table for report in reports[-1:] for table in fidelity_tables(report.fidelity)),
        ]

    def lines(self) -> list[str]:
        """Counts, the verdict, replaced files, then each stage with its bytes."""
        verified = self.result.verified
        return [
            *self._plan.lines(),
            *([] if verified is None else present(verified).lines()),
            *replaced_lines(self.result.replaced),
            *_stage_lines(self.result),
        ]

    def warnings(self) -> list[str]:
        """Warnings of planning, encoding and verification, each once."""
        found = [warning for report in self._reports() for warning in report.warnings]
        return [*self._plan.warnings(), *dict.fromkeys(found)]

    def failures(self) -> Sequence[FragmentFailure]:
        """Fragments that could not be encoded or verified."""
        return self.result.failures

    def n_fragments(self) -> int:
        """Fragments attempted."""
        return len(self.result.done) + len(self.result.failures)

    def dataset(self) -> str:
        """The source."""
        return self.result.plan.source

    def details(self) -> dict[str, Table]:
        """Partitions, each with the last state that its fragments reached."""
        partitions = compress_table(self.result)
        return {} if partitions is None else {"partitions": partitions}

    def numbers(self) -> dict[str, Cell]:
        """Errors are those of verification, `written` is the count of encoding."""
        result = self.result
        encoded, verified, drift = result.encoded, result.verified, result.drift
        shown = verified or encoded
        return {
            "planned": len(result.plan.fragments),
            **({} if shown is None else dataset_numbers(shown)),
            "written": 0 if encoded is None else encoded.n_written,
            "current": None,
            "failed": len(result.failures),
            "verified": 0 if verified is None else verified.total.n_fragments,
            "retired": len(result.retired),
            "drifted": None if drift is None else sum(one.is_grown for one in drift.partitions),
            "seconds": result.seconds,
        }

    def _reports(self) -> list[DatasetReport]:
        """Encoding, then verification, whose shares are those of every value it compared."""
        reports = (self.result.encoded, self.result.verified)
        return [report for report in reports if report is not None]


def _stage_lines(report: CompressReport) -> list[str]:
    """Written, verified, deleted and failed fragments, and how long it took."""
    lines = [] if report.intended is None else _intended_lines(report.intended)
    lines += [*_encoded_lines(report.encoded), *_verified_lines(report.verified)]
    if report.retired:
        n_bytes = report.retired_bytes
        lines.append(f"Deleted {len(report.retired):,} source fragments, {n_bytes:,} bytes")
    if report.failures:
        lines.append(f"Failed: {len(report.failures):,} fragments; their sources stay")
    took = f"{report.seconds:.1f} s"
    return [*lines, f"Took {took}"] if lines else [f"Nothing to do; {took}."]


def _encoded_lines(encoded: DatasetReport | None) -> list[str]:
    if encoded is None:
        return []
    total = encoded.total
    sizes = f"{total.source_bytes:,} -> {total.encoded_bytes:,} bytes"
    return [f"Encoded {total.n_fragments:,} fragments, {total.n_rows:,} rows: {sizes}"]


def _verified_lines(verified: DatasetReport | None) -> list[str]:
    if verified is None:
        return []
    return [f"Read back and compared {verified.total.n_fragments:,} fragments"]


def _intended_lines(intended: Intention) -> list[str]:
    lines = []
    if intended.encoded:
        lines.append(f"Would encode {len(intended.encoded):,} fragments")
    if intended.checked:
        lines.append(f"Would read back and compare {len(intended.checked):,} fragments")
    if intended.retired:
        n_bytes = intended.retired_bytes
        lines.append(f"Would delete {len(intended.retired):,} source fragments, {n_bytes:,} bytes")
    return lines
