"""Work on many fragments at a time: threads, and warnings of fragments that hang."""

from ae_pipeline.work.threads import THREAD_PREFIX, Outcome, for_each_fragment, in_threads
from ae_pipeline.work.watchdog import PATIENCE_S

__all__ = [
    "PATIENCE_S",
    "THREAD_PREFIX",
    "Outcome",
    "for_each_fragment",
    "in_threads",
]
