"""Choose the fragments that a backfill looks at: by predicate, by dates, and in which order."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ae_pipeline.config.backfill import BackfillConfig
from ae_pipeline.dataset import Fragment, known_values
from ae_pipeline.extras import require
from ae_pipeline.selection.dates import fragments_between, latest, latest_first

logger = logging.getLogger(__name__)


def select_partitions(fragments: Sequence[Fragment], config: BackfillConfig) -> Sequence[Fragment]:
    """Return the fragments of the wanted partitions, in the order in which they are done.

    Log a warning if none matches: it is a typo, or the data has not arrived.

    Raises:
        ConfigError: the predicate cannot be evaluated, or a bound is not a date.
        MissingExtraError: sqlglot, which a predicate needs, is not installed.
    """
    chosen = fragments if config.where is None else _where(fragments, config.where)
    if config.start is not None or config.end is not None:
        chosen = fragments_between(chosen, config.start, config.end)
    if config.lookback is not None:
        chosen = latest(chosen, config.lookback)
    if fragments and not chosen:
        _warn_of_no_match(fragments, config)
    return chosen if config.order == "asc" else latest_first(chosen)


def _where(fragments: Sequence[Fragment], predicate: str) -> Sequence[Fragment]:
    """Import sqlglot only here: it takes a tenth of a second, and few jobs have a predicate."""
    require("backfill.where", "sqlglot")
    from ae_pipeline.selection.predicate import fragments_where  # noqa: PLC0415

    return fragments_where(fragments, predicate)


def _warn_of_no_match(fragments: Sequence[Fragment], config: BackfillConfig) -> None:
    criteria = config.model_dump(include={"where", "start", "end"}, exclude_none=True)
    asked = ", ".join(f"backfill.{name} {value}" for name, value in criteria.items())
    logger.warning("no partition matches %s: there is %s", asked, known_values(fragments))
