"""What a dataset needs night after night: states, failures, retention, drift, garbage."""

from ae_pipeline.upkeep.backfill_plan import list_source, plan_backfill
from ae_pipeline.upkeep.drift import measure_drift, tell_drift
from ae_pipeline.upkeep.failures import forget_retired, remember_damage, remember_failures
from ae_pipeline.upkeep.garbage import (
    Found,
    checkpoints,
    idle_codecs,
    lost_failures,
    rejected,
    replaced,
    temporaries,
)
from ae_pipeline.upkeep.leftovers import check_leftovers
from ae_pipeline.upkeep.orphans import counted, known_orphans, orphan_warnings, source_root
from ae_pipeline.upkeep.prune import prune, remove_replaced
from ae_pipeline.upkeep.refit import choose_codecs
from ae_pipeline.upkeep.rejection import set_aside
from ae_pipeline.upkeep.replacing import replacing
from ae_pipeline.upkeep.retention import finish_retiring, is_retired, retire, unfinished
from ae_pipeline.upkeep.status import footer_of, is_only_copy

__all__ = [
    "Found",
    "check_leftovers",
    "checkpoints",
    "choose_codecs",
    "counted",
    "finish_retiring",
    "footer_of",
    "forget_retired",
    "idle_codecs",
    "is_only_copy",
    "is_retired",
    "known_orphans",
    "list_source",
    "lost_failures",
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
    "tell_drift",
    "temporaries",
    "unfinished",
]
