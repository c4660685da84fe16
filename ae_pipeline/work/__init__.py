"""Work on many items and blocks at a time; warnings of fragments that hang."""

from ae_pipeline.work.attempt import Item, Work
from ae_pipeline.work.engine import carry_out, gather, hand_over, uses_processes
from ae_pipeline.work.holding import holding
from ae_pipeline.work.kept import keeping_workers
from ae_pipeline.work.look_ahead import THREAD_PREFIX, cpu_s, ordered_ahead, sharing
from ae_pipeline.work.threads import Outcome, in_threads
from ae_pipeline.work.watchdog import PATIENCE_S

__all__ = [
    "PATIENCE_S",
    "THREAD_PREFIX",
    "Item",
    "Outcome",
    "Work",
    "carry_out",
    "cpu_s",
    "gather",
    "hand_over",
    "holding",
    "in_threads",
    "keeping_workers",
    "ordered_ahead",
    "sharing",
    "uses_processes",
]
