"""Train the network of one candidate, from the best linear one of its shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ae_pipeline.codec.archive import ArchiveCodec, ArchiveNetwork
from ae_pipeline.coding import Architecture
from ae_pipeline.columns import Standardization
from ae_pipeline.config.job import JobConfig
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.dataset import RowGroup
from ae_pipeline.planner.candidate_shape import HIDDEN, NARROWEST, CandidateShape
from ae_pipeline.results.fit import EpochRecord
from ae_pipeline.results.progress import Progress

#: What suits the rate objective, where the settings are silent.
_RATE_DEFAULTS = {"learning_rate": 5e-3, "batch_size": 256}
#: Seconds of a step, more for each number in and out, and multiplications per second, on a core of
#: 2025.
_STEP_S, _NUMBER_S, _PRODUCTS_PER_S = 1e-4, 3e-8, 3e10
_MOST_STEPS = 40_000
#: Mini-batches of a trial, enough to tell what more would give.
TRIAL_STEPS = 3_000
#: Epochs whose losses a codec keeps.
_MOST_EPOCHS = 50
#: Precision of the encoder until the planner finds the least that is enough.
_ENCODER_BITS = 16
#: Fewer do not reach beyond the start, so they are taken only on request.
_LEAST_STEPS = 1_000


@dataclass(frozen=True)
class CandidateTrainer:
    """Trains the networks of one source, which share all but their shape.

    Args:
        job: network and training settings.
        codec: the network is added to it.
        inputs: columns that networks see.
        groups: row groups of the source.
        checkpoint: folder for the state of training.
        progress: called after every epoch.
        previous: codec of the same columns from whose network training starts, or None.
    """

    job: JobConfig
    codec: ArchiveCodec
    inputs: Standardization
    groups: Sequence[RowGroup]
    checkpoint: Path
    progress: Progress
    previous: ArchiveCodec | None = None

    @property
    def is_limited(self) -> bool:
        """Whether the settings allow fewer mini-batches than make training worth its start."""
        asked = self.job.training.max_steps
        is_given = "max_steps" in self.job.training.model_fields_set
        return is_given and asked is not None and asked < _LEAST_STEPS

    @property
    def least_steps(self) -> int:
        """The fewest mini-batches worth training for, fewer only on request."""
        return self.job.training.max_steps or 1 if self.is_limited else _LEAST_STEPS

    def affordable_steps(self, shape: CandidateShape, seconds: float) -> int:
        """Estimate the mini-batches that fit in this time."""
        most = self.job.training.max_steps or _MOST_STEPS
        most = most if "max_steps" in self.job.training.model_fields_set else _MOST_STEPS
        return int(min(most, seconds / self.step_seconds(shape)))

    def step_seconds(self, shape: CandidateShape) -> float:
        """Estimate the seconds of a mini-batch."""
        batch, architecture = _rate_settings(self.job.training).batch_size, self.architecture(shape)
        numbers = architecture.n_inputs + architecture.latent_dim
        products = 3.0 * architecture.n_parameters
        return _STEP_S + batch * (_NUMBER_S * numbers + products / _PRODUCTS_PER_S)

    @property
    def hidden(self) -> int:
        """Width to begin with: the decoder's in the settings, if they give one."""
        given = self.job.network.model_fields_set
        widths = self.job.network.widths()[1][:1] if "encoder_hidden" in given else ()
        return widths[0] if widths else HIDDEN

    def architecture(self, shape: CandidateShape) -> Architecture:
        """Return the layers: those of the settings, else one hidden layer."""
        if self.previous is not None and self.previous.network is not None:
            return self.previous.network.architecture
        network = self.job.network
        is_given = "encoder_hidden" in network.model_fields_set
        # Codes are searched after the encoder, so it may be less able than the decoder.
        narrow = max(shape.hidden // 2, NARROWEST)
        encoder, decoder = network.widths() if is_given else ((narrow,), (shape.hidden,))
        return Architecture(
            n_inputs=self.inputs.n_inputs * shape.window,
            latent_dim=shape.latent_dim,
            encoder_hidden=encoder,
            decoder_hidden=decoder[:1] or (shape.hidden,),
            activation=network.activation,
            design="residual",
        )

    def train(self, shape: CandidateShape, n_steps: int) -> ArchiveCodec:
        """Return the codec with a trained network.

        Raises:
            TrainingError: not even the start has a finite loss.
        """
        # TensorFlow takes seconds to load, so only a plan that gets this far pays for it.
        from ae_pipeline.training.data import TrainingData  # noqa: PLC0415
        from ae_pipeline.training.fits import train_rate  # noqa: PLC0415

        codec, inputs, window = self.codec, self.inputs, shape.window
        settings = _rate_settings(self.job.training).model_copy(update={"max_steps": n_steps})
        job = self.job.model_copy(update={"training": settings})
        data = TrainingData(
            self.groups,
            codec.schema.features,
            inputs,
            settings,
            window,
            holds_out=False,
            lanes=codec.schema.lanes,
        )
        chosen = ~inputs.is_constant
        gain = np.tile(inputs.scale[chosen] / codec.cell[chosen], window)
        architecture = self.architecture(shape)
        name = f"{inputs.n_inputs}-{shape.window}-{shape.latent_dim}-{shape.hidden}-{n_steps}"
        directory = self.checkpoint / codec.provenance.fit_key / name
        result = train_rate(architecture, gain, shape.start, job, data, directory, self.progress)
        # Trained around the centre, applied around the offset of the grid.
        shift = (inputs.center - codec.offset)[chosen] / codec.cell[chosen]
        bias = (result.decoder.output_bias + np.tile(shift, window)).astype(np.float32)
        decoder = replace(result.decoder, output_bias=bias)
        network = ArchiveNetwork(
            inputs,
            window,
            architecture,
            result.encoder,
            _ENCODER_BITS,
            result.code_step,
            decoder,
        )
        training = result.training
        history = _thinned(training.history)
        provenance = replace(codec.provenance, training=training.summary, history=history)
        return replace(codec, network=network, provenance=provenance)


def _thinned(history: tuple[EpochRecord, ...]) -> tuple[EpochRecord, ...]:
    """Return evenly spread epochs, first and last among them: a codec stores every one."""
    places = np.linspace(0, len(history) - 1, min(len(history), _MOST_EPOCHS)).round().astype(int)
    return tuple(history[place] for place in places)


def _rate_settings(config: TrainingConfig) -> TrainingConfig:
    missing = {k: v for k, v in _RATE_DEFAULTS.items() if k not in config.model_fields_set}
    return config.model_copy(update=missing)
