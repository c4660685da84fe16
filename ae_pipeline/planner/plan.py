"""Choose an archive's codec by the bytes that it and its model take.

Direct coding, linear prediction, linear networks in closed form and trained ones compete on sample
blocks. The cheap ones come first and decide which networks are worth training.
"""

from __future__ import annotations

import time
from dataclasses import replace

from ae_pipeline.codec.archive import ArchiveCodec
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.extras import require
from ae_pipeline.planner.candidate import CandidateTrainer
from ae_pipeline.planner.candidate_shape import CandidateShape, describe
from ae_pipeline.planner.forecast import Forecast
from ae_pipeline.planner.leaderboard import Leaderboard
from ae_pipeline.planner.linear_fit import fit_predictor
from ae_pipeline.planner.sample import MOST_VALUES, read_sample
from ae_pipeline.planner.screen import Screened, ScreenWork, screen
from ae_pipeline.planner.search import USUAL_TRIALS, Search
from ae_pipeline.planner.warm_start import start_parameters

#: Candidates without a network: direct, and linear prediction.
_WITHOUT_NETWORK = 2
#: Values that linear networks are compared on, and all networks in a forecast.
_SCREENED_VALUES, _FORECAST_VALUES = 1 << 19, 1 << 18


def plan_codec(
    trainer: CandidateTrainer,
    config: PlannerConfig,
    most_values: int = MOST_VALUES,
    forecast: Forecast | None = None,
) -> ArchiveCodec:
    """Return the smallest codec of all candidates; its provenance lists them.

    Args:
        trainer: source, settings, and the codec without any prediction.
        config: limits of the search.
        most_values: values of the sample that candidates are measured on.
        forecast: limits training to what a forecast has time for; None plans for real.

    Raises:
        TrainingError: the loss of a network is not finite before the first step.
        MissingExtraError: a network may be tried, but the packages that train it are missing.
    """
    if config.learn == "auto" and trainer.inputs.n_inputs > 1:
        # Fail now, not after minutes of work that needs no network.
        require(
            "planner.learn: auto",
            *("tensorflow", "keras"),
            or_else="set planner.learn to linear or never",
        )
    sample = read_sample(trainer.groups, trainer.codec, most_values)
    n_expected = _expected(trainer, config)
    leaderboard = Leaderboard(sample, config.growth, trainer.progress, n_expected)
    leaderboard.enter("direct", trainer.codec, time.monotonic())
    if not any(column.has_cells for column in trainer.codec.columns):
        return leaderboard.verdict()
    trainer = _with_predictor(trainer, leaderboard)
    if config.learn == "never" or trainer.inputs.n_inputs < 2:
        return leaderboard.verdict()
    if config.learn == "auto" and _is_trained(trainer.previous):
        _continue(trainer, config, leaderboard)
        return leaderboard.verdict()
    started = time.monotonic()
    screened = _screen(trainer, config, leaderboard, forecast is not None)
    if screened:
        best = min(screened, key=lambda one: one.n_bytes)
        leaderboard.enter(f"linear network, {describe(best.shape)}", best.codec, started)
    if config.learn != "linear":
        search = Search(trainer, leaderboard, config.budget_s)
        starts = [replace(one, shape=_hidden(trainer, one)) for one in screened]
        if forecast is None:
            search.run(starts)
        else:
            forecast.run(replace(search, judged_values=_FORECAST_VALUES), starts)
    return leaderboard.verdict()


def _expected(trainer: CandidateTrainer, config: PlannerConfig) -> int:
    """Return about how many candidates there will be: a search takes as many as have time."""
    if config.learn == "never" or trainer.inputs.n_inputs < 2:
        return _WITHOUT_NETWORK
    return _WITHOUT_NETWORK + 1 + (0 if config.learn == "linear" else USUAL_TRIALS)


def _with_predictor(trainer: CandidateTrainer, leaderboard: Leaderboard) -> CandidateTrainer:
    started = time.monotonic()
    sample = leaderboard.sample
    n_rows = round(sample.n_rows * leaderboard.growth)
    predictor = fit_predictor(sample.cells(trainer.codec), n_rows, trainer.job.columns.chain)
    if predictor is None:
        return trainer
    codec = replace(trainer.codec, predictor=predictor)
    leaderboard.enter("linear prediction", codec, started)
    return replace(trainer, codec=codec)


def _screen(
    trainer: CandidateTrainer, config: PlannerConfig, leaderboard: Leaderboard, is_forecast: bool
) -> list[Screened]:
    """Compare linear networks on fewer blocks."""
    n_values = _FORECAST_VALUES if is_forecast else _SCREENED_VALUES
    network = trainer.job.network
    windows = config.windows if network.window is None else (network.window,)
    small = Leaderboard(leaderboard.sample.shortened(n_values), leaderboard.growth)
    small.enter("linear prediction", trainer.codec, time.monotonic())
    work = ScreenWork(trainer.codec, trainer.inputs, network.latent_dim, small)
    # A forecast counts the time of its own thread.
    return screen(work, windows, None if is_forecast else trainer.job.execution)


def _is_trained(codec: ArchiveCodec | None) -> bool:
    """Return whether the codec has a network from which training can continue."""
    network = None if codec is None else codec.network
    return network is not None and network.architecture.design == "residual"


def _continue(trainer: CandidateTrainer, config: PlannerConfig, leaderboard: Leaderboard) -> None:
    """Continue training the network of a former codec, whose inputs keep their standardisation."""
    previous = trainer.previous
    network = None if previous is None else previous.network
    if previous is None or network is None:
        return
    own = replace(trainer, inputs=network.standardization)
    start = start_parameters(previous, network)
    hidden = network.architecture.decoder_hidden[0]
    shape = CandidateShape(network.window, network.decoder.latent_dim, start, hidden)
    n_steps = own.affordable_steps(shape, config.budget_s)
    if n_steps >= own.least_steps:
        Search(own, leaderboard, config.budget_s).enter(shape, n_steps)


def _hidden(trainer: CandidateTrainer, one: Screened) -> CandidateShape:
    """Return the shape of this linear network with hidden units added."""
    return replace(one.shape, hidden=trainer.hidden)
