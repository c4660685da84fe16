"""The codec of feature columns as the planner chooses it, before a table is added."""

from __future__ import annotations

from pathlib import Path

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.dataset import discover, pinned_source
from ae_pipeline.fitting.direct import UNTRAINED, direct_codec
from ae_pipeline.fitting.prepare import measure_for_fit
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.plan import plan_codec
from ae_pipeline.results.progress import silent


def planned(job: EncodeJob, state: Path, previous: ArchiveCodec | None = None) -> ArchiveCodec:
    """Plan for the source of a job.

    Args:
        job: settings.
        state: folder for the state of training.
        previous: a former codec that training goes on from.
    """
    measured = measure_for_fit(job, pinned_source(discover(job.source)), silent)
    tolerance = job.tolerance.shaping()
    provenance = Provenance(
        job.source, "test", measured.statistics.n_rows, UNTRAINED, tolerance=tolerance
    )
    direct, inputs = direct_codec(job, measured, provenance)
    trainer = CandidateTrainer(job, direct, inputs, measured.groups, state, silent, previous)
    return plan_codec(trainer, job.planner)
