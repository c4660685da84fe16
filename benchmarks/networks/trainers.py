"""The planner's trainer for a dataset, and the network it would try first without a plan."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from ae_pipeline.codec import Provenance
from ae_pipeline.codec.archive import save_archive_codec
from ae_pipeline.config.job import EncodeJob
from ae_pipeline.config.tolerance import ToleranceConfig
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.dataset import discover, fittable
from ae_pipeline.fitting import UNTRAINED, direct_codec, measure_for_fit
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.candidate_shape import CandidateShape
from ae_pipeline.planner.klt import measure_spectrum
from ae_pipeline.planner.sample import read_sample
from ae_pipeline.results.progress import silent

#: Steps of all codes, spread over all inputs, in cells.
_COARSENESS = 0.9


def open_trainer(
    dataset: str, tolerance: float, training: TrainingConfig, folder: Path
) -> CandidateTrainer:
    """Return the trainer of a dataset's networks; `folder` is for checkpoints."""
    promised = ToleranceConfig(relative=tolerance, kind="range", accept_flattened=True)
    job = EncodeJob(source=dataset, archive=str(folder), tolerance=promised, training=training)
    source = fittable(discover(dataset), job.columns)
    measured = measure_for_fit(job, source, silent)
    provenance = Provenance(dataset, "benchmark", measured.statistics.n_rows, UNTRAINED)
    direct, inputs = direct_codec(job, measured, provenance)
    return CandidateTrainer(job, direct, inputs, measured.groups, folder, silent)


def likely_start(trainer: CandidateTrainer, window: int = 1) -> tuple[int, float]:
    """Return the number of components that deviate by more than a cell, and their codes' step."""
    sample = read_sample(trainer.groups, trainer.codec)
    spectrum = measure_spectrum(trainer.codec, trainer.inputs, sample, window)
    latent_dim = max(1, spectrum.count_above(1.0))
    return latent_dim, max(1.0, _COARSENESS * float(np.sqrt(len(spectrum.gain) / latent_dim)))


def save_network(dataset: str, tolerance: float, n_steps: int, directory: Path) -> None:
    """Write a codec with a network, whether or not it pays, and without linear prediction."""
    training = TrainingConfig(max_steps=n_steps)
    with tempfile.TemporaryDirectory() as folder:
        trainer = open_trainer(dataset, tolerance, training, Path(folder))
        latent_dim, step = likely_start(trainer)
        codec = trainer.train(CandidateShape(1, latent_dim, step), n_steps)
        network = None if codec.network is None else codec.network.as_stored()
        codec = replace(codec, network=network)
        ways = codec.measure_ways(read_sample(trainer.groups, codec).blocks)
    provenance = replace(codec.provenance, ways=ways)
    save_archive_codec(replace(codec, provenance=provenance), directory)
