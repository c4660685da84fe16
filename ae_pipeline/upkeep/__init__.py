"""Nightly upkeep of a dataset: states, failures, deletion of sources, drift, garbage."""

from ae_pipeline.upkeep.backfill_plan import list_source, plan_backfill
from ae_pipeline.upkeep.drift import (
    choose_codecs,
    measure_drift,
    read_drift,
    tell_drift,
    write_drift,
)
from ae_pipeline.upkeep.failures import forget_retired, remember_damage, remember_failures
from ae_pipeline.upkeep.finding import is_only_copy
from ae_pipeline.upkeep.footers import footer_of, note_footer
from ae_pipeline.upkeep.garbage import find_garbage, newest_and_size, remove_garbage
from ae_pipeline.upkeep.leftovers import check_leftovers
from ae_pipeline.upkeep.orphans import describe_orphans, known_orphans, orphan_warnings, source_root
from ae_pipeline.upkeep.prune import prune, remove_replaced
from ae_pipeline.upkeep.rejection import set_aside
from ae_pipeline.upkeep.retiring import (
    check_deletable,
    finish_retiring,
    is_retired,
    replacing,
    retire,
    retire_all,
    unfinished,
)
from ae_pipeline.upkeep.uploads import collect_uploads

__all__ = [
    "check_deletable",
    "check_leftovers",
    "choose_codecs",
    "collect_uploads",
    "describe_orphans",
    "find_garbage",
    "finish_retiring",
    "footer_of",
    "forget_retired",
    "is_only_copy",
    "is_retired",
    "known_orphans",
    "list_source",
    "measure_drift",
    "newest_and_size",
    "note_footer",
    "orphan_warnings",
    "plan_backfill",
    "prune",
    "read_drift",
    "remember_damage",
    "remember_failures",
    "remove_garbage",
    "remove_replaced",
    "replacing",
    "retire",
    "retire_all",
    "set_aside",
    "source_root",
    "tell_drift",
    "unfinished",
    "write_drift",
]
