"""Nightly upkeep of a dataset: states, failures, deletion of sources, drift, garbage."""

from ae_pipeline.upkeep.backfill_plan import list_source, plan_backfill
from ae_pipeline.upkeep.drift import choose_codecs, measure_drift, warn_of_drift
from ae_pipeline.upkeep.failures import forget_retired, remember_damage, remember_failures
from ae_pipeline.upkeep.footers import footer_of
from ae_pipeline.upkeep.garbage import (
    Found,
    checkpoints,
    failures_without_fragment,
    rejected,
    replaced,
    temporaries,
    unreferenced_codecs,
)
from ae_pipeline.upkeep.leftovers import check_leftovers
from ae_pipeline.upkeep.orphans import describe_orphans, known_orphans, orphan_warnings, source_root
from ae_pipeline.upkeep.prune import prune, remove_replaced
from ae_pipeline.upkeep.recovery import finish_retiring, unfinished
from ae_pipeline.upkeep.rejection import set_aside
from ae_pipeline.upkeep.replacing import replacing
from ae_pipeline.upkeep.retention import is_retired, retire
from ae_pipeline.upkeep.status import is_only_copy

__all__ = [
    "Found",
    "check_leftovers",
    "checkpoints",
    "choose_codecs",
    "describe_orphans",
    "failures_without_fragment",
    "finish_retiring",
    "footer_of",
    "forget_retired",
    "is_only_copy",
    "is_retired",
    "known_orphans",
    "list_source",
    "measure_drift",
    "orphan_warnings",
    "plan_backfill",
    "prune",
    "rejected",
    "remember_damage",
    "remember_failures",
    "remove_replaced",
    "replaced",
    "replacing",
    "retire",
    "set_aside",
    "source_root",
    "temporaries",
    "unfinished",
    "unreferenced_codecs",
    "warn_of_drift",
]
