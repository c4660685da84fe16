"""Drift: how far the newest data lay from what the codec was fitted to, against the thresholds."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.pages.cells import UNKNOWN, Cell, count, number, words
from ae_pipeline.pages.drawing import Colour, bar_labels, drawing, label_columns
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section, figure, side_by_side, table
from ae_pipeline.results.drift import DriftRecord, PartitionDrift

#: Bars of a picture, and rows of the table of columns in partitions.
_MOST, _MOST_ROWS = 18, 300
_SHIFT_NOTE = (
    "shift: population stability index over the deciles of fit time, less what chance explains; "
    "about 0.1 is small, 0.25 large. Measured on a sample of each partition's new rows."
)
_GROWTH_NOTE = "growth: payload bytes per row over what the fit promised."

_Bar = tuple[str, float]


def section(facts: Facts) -> Section | None:
    """Growth of partitions and shifts of columns; None where no run has looked for drift."""
    record = facts.drift
    if record is None or not record.report.partitions:
        return None
    drawn = [picture for picture in (_shift_picture(record), _growth_picture(record)) if picture]
    body = side_by_side(map(figure, drawn)) if drawn else ""
    return Section("drift", "Drift", _lead(record), body + _partitions(record) + _columns(record))


def _lead(record: DriftRecord) -> str:
    report = record.report
    grown = sum(one.is_grown for one in report.partitions)
    shifted = sum(one.is_shifted for one in report.partitions)
    told = f"{grown:,} of {len(report.partitions):,} partitions with new data have grown"
    changed = f" A new codec is in use since: {report.new_codec_id}." if report.new_codec_id else ""
    return (
        f"{told} and {shifted:,} have shifted, measured on {record.measured:%Y-%m-%d} against "
        f"codec {report.codec_id}. Grown: beyond {record.growth:g} times the promised bytes per "
        f"row. Shifted: a column beyond {record.shift:g}.{changed}"
    )


def _shift_picture(record: DriftRecord) -> str:
    worst: dict[str, float] = {}
    for one in record.report.partitions:
        for name, shift in one.shifts.items():
            worst[name] = max(worst.get(name, 0.0), shift)
    bars = sorted(worst.items(), key=lambda bar: -bar[1])[:_MOST]
    return _draw("Largest shift of columns", bars, record.shift) if bars else ""


def _growth_picture(record: DriftRecord) -> str:
    known = [(one.partition, one.growth) for one in record.report.partitions]
    bars = [(name, growth) for name, growth in known if growth is not None]
    bars = sorted(bars, key=lambda bar: -bar[1])[:_MOST]
    return _draw("Growth of partitions", bars, record.growth) if bars else ""


def _draw(label: str, bars: Sequence[_Bar], threshold: float) -> str:
    """Bars, red beyond a threshold, which is a line."""
    with drawing(label, 60 + 20 * len(bars)) as picture:
        axes, ends = picture.axes, [end for _, end in bars]
        colours = [(Colour.BAD if end > threshold else Colour.OURS).value for end in ends]
        drawn = axes.barh(range(len(bars)), ends, 0.7, color=colours)
        for patch, (name, end) in zip(drawn, bars, strict=True):
            picture.tell(patch, f"{name}: {end:.3g}")
        label_columns(axes, [name for name, _ in bars])
        bar_labels(axes, ends, [f"{end:.3g}" for end in ends])
        axes.set_xlim(0, 1.2 * max(*ends, threshold))
        axes.axvline(threshold, color=Colour.BAD.value, lw=1, ls=(0, (4, 3)))
        axes.set_xlabel(f"{label.lower()}; dashed: the threshold, {threshold:g}", size=9)
    return picture.svg


def _partitions(record: DriftRecord) -> str:
    def row(one: PartitionDrift) -> list[Cell]:
        return [
            words(one.partition),
            count(one.n_rows),
            number(one.bytes_per_row),
            number(one.growth, "x", "bad" if one.is_grown else ""),
            number(one.shift, "", "warn" if one.is_shifted else "") if one.shifts else UNKNOWN,
            words(one.worst_column) if one.worst_column else UNKNOWN,
            words(one.codec_id),
        ]

    ranked = sorted(record.report.partitions, key=lambda one: (-(one.growth or 0.0), -one.shift))
    headings = ("partition", "rows sampled", "bytes/row", "growth", "shift", "of column", "codec")
    return table("Partitions by growth", headings, [row(one) for one in ranked], _GROWTH_NOTE)


def _columns(record: DriftRecord) -> str:
    """The columns in partitions that shifted most; empty where shifts are not known."""
    every = [
        (shift, name, one.partition)
        for one in record.report.partitions
        for name, shift in one.shifts.items()
    ]
    if not every:
        return ""
    ranked = sorted(every, key=lambda found: -found[0])[:_MOST_ROWS]
    rows = [
        [words(name), words(part), number(shift, "", "warn" if shift > record.shift else "")]
        for shift, name, part in ranked
    ]
    of_all = f", {len(ranked)} of {len(every):,}" if len(ranked) < len(every) else ""
    title = f"Shifts of columns in partitions{of_all}"
    return table(title, ("column", "partition", "shift"), rows, _SHIFT_NOTE)
