"""Hints for the rows of a sample: sub-columns that cost nothing once the keys are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ae_pipeline.mapping.subcolumn import Sequence, join_sequences, slice_sequence
from ae_pipeline.table.references import References, hint_of, hints_of, pick_references
from ae_pipeline.table_fit.sample import TableSample


def add_hints(sample: TableSample, references: References) -> TableSample:
    """Return the sample with a hint for each sub-column that references keep.

    Args:
        sample: whose runs follow references as blocks do.
        references: of the codec.
    """
    names = frozenset(references.names)
    hints = hints_of(one for one in sample.columns if one.name in names)
    by_run = list(_hints(sample, references))
    found = {
        hint_of(name): join_sequences([run[name] for run in by_run]) for name in references.names
    }
    return replace(
        sample,
        columns=(*sample.columns, *hints),
        sequences={**sample.sequences, **found},
        given={**sample.given, **{one.name: references.keys for one in hints}},
    )


def _hints(sample: TableSample, references: References) -> Iterator[dict[str, Sequence]]:
    """Yield what the references say of each run, by sub-column."""
    kept = {name: sample.sequences[name] for name in references.sequences}
    n_rows = len(next(iter(kept.values())).integers)
    ends = [*sample.starts[1:].tolist(), n_rows]
    for start, end in zip(sample.starts.tolist(), ends, strict=True):
        run = {name: slice_sequence(one, slice(start, end)) for name, one in kept.items()}
        picks = pick_references(references, run)
        places = references.follow(picks, run, end - start)
        yield {name: references.hint(name, picks, places) for name in references.names}
