"""Choose an archive's codec by the bytes that it and its model take.

Direct coding, linear prediction, linear networks in closed form and trained ones compete on sample
blocks. The cheap ones come first and decide which networks are worth training.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from ae_pipeline.codec import ArchiveCodec
from ae_pipeline.config import PlannerConfig
from ae_pipeline.planner.contest import Contest
from ae_pipeline.planner.linear import fit_predictor
from ae_pipeline.planner.network import Shape, Trainer
from ae_pipeline.planner.sample import MOST_VALUES, read_sample
from ae_pipeline.planner.screen import Screened, screen
from ae_pipeline.planner.warm_start import start_parameters

logger = logging.getLogger(__name__)

#: Values on which linear networks are compared.
_SCREENED_VALUES = 1 << 19
#: A network is tried out if its linear start takes at most this many times the best bytes so far,
_TRIED = 2.0
#: for this share of the budget and at most so many steps,
_TRIAL_SHARE, _TRIAL_STEPS = 0.1, 3_000
#: and trained to the end if it then takes at most this many times the best, and its payload at
#: most this share of what is needed without it.
_PROMISING, _HELPFUL = 1.1, 0.998
#: Precisions of the encoder's weights to choose from.
_ENCODER_BITS = (6, 8, 10, 13)


def plan_codec(
    trainer: Trainer,
    config: PlannerConfig,
    most_values: int = MOST_VALUES,
    is_rehearsal: bool = False,
) -> ArchiveCodec:
    """The smallest codec of all that were tried; its provenance lists them.

    Args:
        trainer: source, settings, and the codec without any prediction.
        config: what may be tried.
        most_values: of the sample that candidates are measured on.
        is_rehearsal: to try out a network but train none to the end.

    Raises:
        TrainingError: a network's loss is not finite from the start.
    """
    sample = read_sample(trainer.groups, trainer.codec, most_values)
    contest = Contest(sample, config.growth)
    contest.enter("direct", trainer.codec, time.monotonic())
    trainer = _with_predictor(trainer, contest)
    if config.learn == "never" or trainer.inputs.n_inputs < 2:
        return contest.verdict()
    if config.learn == "auto" and _is_trained(trainer.previous):
        _go_on(trainer, config, contest)
        return contest.verdict()
    started = time.monotonic()
    screened = _screen(trainer, config, contest)
    if screened:
        best = min(screened, key=lambda one: one.n_bytes)
        contest.enter(f"linear network, {_describe(best.shape)}", best.codec, started)
    if config.learn != "linear":
        promising = _try_out(trainer, config, contest, screened, is_rehearsal)
        if promising is not None and not is_rehearsal:
            n_steps = trainer.affordable_steps(promising, config.budget_s)
            _enter_trained(trainer, promising, n_steps, contest)
    return contest.verdict()


def _with_predictor(trainer: Trainer, contest: Contest) -> Trainer:
    started = time.monotonic()
    sample = contest.sample
    n_rows = round(sample.n_rows * contest.growth)
    predictor = fit_predictor(sample.cells(trainer.codec), n_rows)
    if predictor is None:
        return trainer
    codec = replace(trainer.codec, predictor=predictor)
    contest.enter("linear prediction", codec, started)
    return replace(trainer, codec=codec)


def _screen(trainer: Trainer, config: PlannerConfig, contest: Contest) -> list[Screened]:
    """Linear networks, measured on fewer blocks."""
    network = trainer.job.network
    windows = config.windows if network.window is None else (network.window,)
    small = Contest(contest.sample.shortened(_SCREENED_VALUES), contest.growth)
    small.enter("linear prediction", trainer.codec, time.monotonic())
    return screen(trainer.codec, trainer.inputs, windows, network.latent_dim, small)


def _is_trained(codec: ArchiveCodec | None) -> bool:
    """Whether there is a network that training can go on from."""
    network = None if codec is None else codec.network
    return network is not None and network.architecture.design == "residual"


def _go_on(trainer: Trainer, config: PlannerConfig, contest: Contest) -> None:
    """Train a network of a former codec further; its inputs stay as they are standardised."""
    previous = trainer.previous
    network = None if previous is None else previous.network
    if previous is None or network is None:
        return
    own = replace(trainer, inputs=network.standardization)
    start = start_parameters(previous, network)
    shape = Shape(network.window, network.decoder.latent_dim, start)
    n_steps = own.affordable_steps(shape, config.budget_s)
    if n_steps >= own.least_steps:
        _enter_trained(own, shape, n_steps, contest)


def _try_out(
    trainer: Trainer,
    config: PlannerConfig,
    contest: Contest,
    screened: list[Screened],
    is_rehearsal: bool,
) -> Shape | None:
    """Train the networks that may win for a while; the most promising one, if any is."""
    bar = _TRIED * contest.best_bytes
    without = contest.sample.coded_bytes(trainer.codec)
    trials: list[tuple[float, Shape]] = []
    for shape in (one.shape for one in _starts(screened, is_rehearsal) if one.n_bytes <= bar):
        seconds = _TRIAL_SHARE * config.budget_s
        n_steps = min(trainer.affordable_steps(shape, seconds), _TRIAL_STEPS)
        if n_steps < trainer.least_steps:
            continue
        total, payload = _enter_trained(trainer, shape, n_steps, contest)
        if payload <= _HELPFUL * without and total <= _PROMISING * contest.best_bytes:
            trials.append((total, shape))
    return min(trials, key=lambda trial: trial[0])[1] if trials else None


def _starts(screened: list[Screened], is_rehearsal: bool) -> list[Screened]:
    """Single rows, and the best of the windows: what a network makes of them is not foreseen."""
    if is_rehearsal:
        return sorted(screened, key=lambda one: one.n_bytes)[:1]
    plain = [one for one in screened if one.shape.window == 1]
    wide = [one for one in screened if one.shape.window > 1]
    return [*plain, *sorted(wide, key=lambda one: one.n_bytes)[:1]]


def _enter_trained(
    trainer: Trainer, shape: Shape, n_steps: int, contest: Contest
) -> tuple[float, float]:
    """(bytes in all, bytes of payload) of a network after so many steps."""
    started = time.monotonic()
    codec = _with_fewest_bits(trainer.train(shape, n_steps), contest)
    name = f"trained network, {_describe(shape)}, {n_steps:,} steps"
    total = contest.enter(name, codec, started)
    return total, total - contest.model_bytes(codec)


def _with_fewest_bits(codec: ArchiveCodec, contest: Contest) -> ArchiveCodec:
    """The encoder only as precise as pays: its weights are most of the model."""
    network = codec.network
    if network is None:
        return codec
    small = replace(contest, sample=contest.sample.shortened(_SCREENED_VALUES))
    rounded = [
        replace(codec, network=replace(network, encoder_bits=n_bits).as_stored())
        for n_bits in _ENCODER_BITS
    ]
    return min(rounded, key=small.bytes_of)


def _describe(shape: Shape) -> str:
    rows = "1 row" if shape.window == 1 else f"{shape.window} rows"
    codes = "1 code" if shape.latent_dim == 1 else f"{shape.latent_dim} codes"
    return f"{codes} of {rows}"
