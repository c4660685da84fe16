"""What a night of compression comes to, in a few lines."""

from __future__ import annotations

from ae_pipeline.results.compress import CompressReport, Intention


def compress_lines(report: CompressReport) -> list[str]:
    """Written, verified, deleted, failed, with their bytes; and how long it took."""
    encoded, verified = report.encoded, report.verified
    lines = [] if report.intended is None else _intended_lines(report.intended)
    if encoded is not None:
        total = encoded.total
        lines.append(
            f"Encoded {total.n_fragments:,} fragments, {total.n_rows:,} rows: "
            f"{total.source_bytes:,} -> {total.encoded_bytes:,} bytes"
        )
    if verified is not None:
        lines.append(f"Read back and compared {verified.total.n_fragments:,} fragments")
    if report.retired:
        lines.append(
            f"Deleted {len(report.retired):,} source fragments, {report.retired_bytes:,} bytes"
        )
    if report.failures:
        lines.append(f"Failed: {len(report.failures):,} fragments; their sources stay")
    took = f"{report.seconds:.1f} s"
    return [*lines, f"Took {took}"] if lines else [f"Nothing to do; {took}."]


def _intended_lines(intended: Intention) -> list[str]:
    lines = []
    if intended.encoded:
        lines.append(f"Would encode {len(intended.encoded):,} fragments")
    if intended.checked:
        lines.append(f"Would read back and compare {len(intended.checked):,} fragments")
    if intended.retired:
        lines.append(
            f"Would delete {len(intended.retired):,} source fragments, "
            f"{intended.retired_bytes:,} bytes"
        )
    return lines
