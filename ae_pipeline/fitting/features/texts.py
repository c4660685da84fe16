"""Find the columns of text among those that are kept, and the terms of each."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from ae_pipeline.dataset import RowGroup, read_records
from ae_pipeline.fitting.spreading import spread_row_groups
from ae_pipeline.inputs import TermCounts, Text

logger = logging.getLogger(__name__)

#: Rows whose terms are counted, about; a term that a thousand texts have is well known by then.
_MOST_ROWS = 1 << 17
#: Rows and bytes read at a time.
_ROWS = 1 << 11
_BYTES = 1 << 26


def find_texts(names: Sequence[str], groups: Sequence[RowGroup]) -> Mapping[str, Text]:
    """Return the columns whose words repeat, with their terms, in the order of `names`.

    Args:
        names: columns of strings.
        groups: row groups of the source; if they are many, evenly spread ones are read.

    Raises:
        SourceError: a file cannot be read.
    """
    counts = {name: TermCounts() for name in names}
    for group in spread_row_groups(groups, _MOST_ROWS) if names else ():
        for records in read_records(group.fragment, _ROWS, list(names), [group.index], _BYTES):
            for name, found in counts.items():
                found.add(records.column(name))
    texts = {name: text for name in names if (text := counts[name].text()) is not None}
    for name, text in texts.items():
        logger.info("column %s is learned as text of %d terms, and kept", name, text.width)
    return texts
