"""Features: write the latent vector of every row beside the kept columns."""

from __future__ import annotations

from ae_pipeline.config.job import EncodeJob
from ae_pipeline.errors import ConfigError
from ae_pipeline.results.dataset import DatasetReport
from ae_pipeline.results.progress import Progress, silent
from ae_pipeline.verbs.encode import encode


def features(job: EncodeJob, progress: Progress = silent) -> DatasetReport:
    """Encode the source as features; `encode` does the same for such a job.

    Raises:
        ConfigError: the job writes an archive.
        AePipelineError: the job as a whole cannot run. Failed fragments are in the report.
    """
    if job.features is None:
        raise ConfigError(
            "the job names no features dataset",
            where="features",
            got=f"archive {job.archive}",
            remedy="set features, or call encode to write an archive",
        )
    return encode(job, progress)
