"""What a night of compression comes to, in a few lines."""

from __future__ import annotations

from ae_pipeline.results import CompressReport


def compress_lines(report: CompressReport) -> list[str]:
    """Written, verified, deleted, failed, with their bytes; and how long it took."""
    encoded, verified = report.encoded, report.verified
    if encoded is None and verified is None:
        return [f"Nothing to do; {report.seconds:.1f} s."]
    lines = []
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
    return [*lines, f"Took {report.seconds:.1f} s"]
