"""Choose an archive's codec by the bytes that it and its model take.

Direct coding, linear prediction, linear networks in closed form and trained ones compete on sample
blocks. The cheap ones come first and decide which networks are worth training.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.extras import require
from ae_pipeline.planner.candidate import Trainer
from ae_pipeline.planner.candidate_shape import Shape, describe
from ae_pipeline.planner.forecast import Rehearsal
from ae_pipeline.planner.leaderboard import Contest
from ae_pipeline.planner.linear_fit import fit_predictor
from ae_pipeline.planner.sample import MOST_VALUES, read_sample
from ae_pipeline.planner.screen import Screened, screen
from ae_pipeline.planner.search import Search
from ae_pipeline.planner.warm_start import start_parameters

logger = logging.getLogger(__name__)

#: Values on which linear networks are compared, and for a forecast.
_SCREENED_VALUES, _REHEARSED_VALUES = 1 << 19, 1 << 18


def plan_codec(
    trainer: Trainer,
    config: PlannerConfig,
    most_values: int = MOST_VALUES,
    rehearsal: Rehearsal | None = None,
) -> ArchiveCodec:
    """The smallest codec of all that were tried; its provenance lists them.

    Args:
        trainer: source, settings, and the codec without any prediction.
        config: what may be tried.
        most_values: of the sample that candidates are measured on.
        rehearsal: for a forecast: train what this allows; None plans for real.

    Raises:
        TrainingError: a network's loss is not finite from the start.
        MissingExtraError: a network may be tried, and what trains it is not installed.
    """
    if config.learn == "auto" and trainer.inputs.n_inputs > 1:
        # Told now, not after minutes of what needs no network.
        require(
            "planner.learn: auto",
            *("tensorflow", "keras"),
            or_else="set planner.learn to linear or never",
        )
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
    screened = _screen(trainer, config, contest, rehearsal is not None)
    if screened:
        best = min(screened, key=lambda one: one.n_bytes)
        contest.enter(f"linear network, {describe(best.shape)}", best.codec, started)
    if config.learn != "linear":
        search = Search(trainer, contest, config.budget_s)
        starts = [replace(one, shape=_hidden(trainer, one)) for one in screened]
        if rehearsal is None:
            search.run(starts)
        else:
            rehearsal.run(replace(search, judged_values=_REHEARSED_VALUES), starts)
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


def _screen(
    trainer: Trainer, config: PlannerConfig, contest: Contest, is_rehearsal: bool
) -> list[Screened]:
    """Linear networks, measured on fewer blocks."""
    n_values = _REHEARSED_VALUES if is_rehearsal else _SCREENED_VALUES
    network = trainer.job.network
    windows = config.windows if network.window is None else (network.window,)
    small = Contest(contest.sample.shortened(n_values), contest.growth)
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
    hidden = network.architecture.decoder_hidden[0]
    shape = Shape(network.window, network.decoder.latent_dim, start, hidden)
    n_steps = own.affordable_steps(shape, config.budget_s)
    if n_steps >= own.least_steps:
        Search(own, contest, config.budget_s).enter(shape, n_steps)


def _hidden(trainer: Trainer, one: Screened) -> Shape:
    """The shape of a network like this linear one, with hidden units."""
    return replace(one.shape, hidden=trainer.hidden)
