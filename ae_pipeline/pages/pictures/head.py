"""The head: what it is, how small it has become, and whether it is in order."""

from __future__ import annotations

from ae_pipeline.escaping import visible
from ae_pipeline.pages.cells import percent_words
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import paragraph, tiles
from ae_pipeline.report.errors import failure_lines, verdict
from ae_pipeline.report.fidelity import exact_line
from ae_pipeline.report.headline import size_words, times_words

_NOT_COMPARED = (
    "Not compared with its source here: what columns keep is known of a sample, taken when the "
    "codec was fitted. --source compares every value."
)


def kind_line(facts: Facts) -> str:
    """One line of what this is, with its path."""
    report = facts.report
    if report is None or report.compared_with is None:
        return f"ae-pipeline {facts.inspection.kind}"
    part = f", {report.total.n_fragments:,} files of it" if report.is_partial else ""
    return f"ae-pipeline {facts.inspection.kind}, compared with {report.compared_with}{part}"


def head(facts: Facts) -> str:
    """Numbers, a verdict, and whatever is not in order."""
    return "".join([tiles(numbers(facts)), *_verdict(facts), *_broken(facts)])


def sentences(facts: Facts) -> list[str]:
    """The verdict, if there is one, and whatever is not in order."""
    return [*_verdict_lines(facts), *_broken_lines(facts)]


def numbers(facts: Facts) -> list[tuple[str, str]]:
    """The numbers in large type, by name, each in words."""
    found, account = facts.inspection, facts.inspection.bytes
    told = []
    if account is not None:
        total = account.encoded_bytes + account.model_bytes + account.other_bytes
        times, _, way = times_words(account.source_bytes, total).partition(" times ")
        told = [
            ("source files", size_words(account.source_bytes)),
            (f"{found.kind.split()[0]}, model and all else counted", size_words(total)),
            (f"times {way}" if way else "", f"{times}x" if way else times),
        ]
    rows, partitions = found.facts.get("rows", 0), found.facts.get("partitions", 0)
    told += [
        ("rows", f"{rows:,}"),
        ("columns", f"{len(found.columns):,}"),
        ("partitions", f"{partitions:,}"),
    ]
    worst = facts.report.total.metrics if facts.report and facts.report.total.metrics else None
    if worst is not None and worst.max_error_to_tolerance is not None:
        share = percent_words(worst.max_error_to_tolerance)
        told.append(("largest error, of what is promised", share))
    elif worst is not None and worst.count:
        told.append(("MSE, in units of each column's variance", f"{worst.mse:.3g}"))
    return [(name, value) for name, value in told if value]


def _verdict(facts: Facts) -> list[str]:
    is_bad = facts.report is not None and bool(facts.report.failures)
    told = [paragraph(line, "bad" if is_bad else "verdict") for line in _verdict_lines(facts)]
    if facts.report is not None or facts.errors or told:
        return told
    return [paragraph(_NOT_COMPARED, "note")]


def _verdict_lines(facts: Facts) -> list[str]:
    if facts.report is not None:
        line = verdict(facts.report)
    else:
        line = exact_line(facts.fidelity) if facts.format.has_promise else ""
    return [line] if line else []


def _broken(facts: Facts) -> list[str]:
    """Sentences in red: flattened columns, and fragments that cannot be read or differ."""
    return [paragraph(line, "bad") for line in _broken_lines(facts)]


def _broken_lines(facts: Facts) -> list[str]:
    lines = []
    flat = [column.name for column in facts.fidelity if column.is_flattened]
    if flat and facts.report is None:  # whose warnings name them
        one = "1 column is" if len(flat) == 1 else f"{len(flat)} columns are"
        names = ", ".join(map(visible, flat[:12])) + (" and more" if len(flat) > 12 else "")
        lines.append(f"{one} flattened, next to nothing of them is left: {names}")
    unreadable = facts.inspection.facts.get("not readable")
    if unreadable:
        lines.append(f"Not readable: {unreadable}")
    if facts.report is not None:
        lines += [f"Failed: {line}" for line in failure_lines(facts.report.failures)]
        lines += [f"Warning: {line}" for line in facts.report.warnings[:20]]
    return lines
