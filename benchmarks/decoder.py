"""The cost of decoding with integers: payload against float decoders of the same shape.

    python -m benchmarks.decoder DATASET... [--tolerance 0.01] [--seeds 3] [--steps 10000]

The network alone, without linear prediction: the planner's, and four decoders from two more
trainings of the same shape. One training rounds in the loop; its weights are used as integers (the
same as the planner's, if all goes well) and unrounded. The other trains floats; its weights are
used as they are and rounded afterwards. Seeds differ by as much as decoders do, hence several.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

from rich.console import Console

from ae_pipeline.cli.console import render
from ae_pipeline.codec.archive import ArchiveNetwork, model_bytes
from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.training.rate import RateObjective
from benchmarks.measure.machine import machine_line
from benchmarks.networks.float_decoder import FloatDecoder, FloatObjective
from benchmarks.networks.retraining import Problem, train_again, train_once

#: Payload of integers over that of the best floats.
_TARGET = 0.03
_SEEDS, _STEPS = 3, 10_000
_STORED = "integers, as planned"
_INTEGERS, _UNROUNDED = "integers, trained again", "their weights unrounded"
_FLOATS, _ROUNDED = "trained as floats", "trained as floats, then rounded"
_NAMES = (_STORED, _INTEGERS, _UNROUNDED, _FLOATS, _ROUNDED)


@dataclass(frozen=True)
class Sizes:
    """Bytes that one fit of one dataset stores, by decoder."""

    raw: int
    payload: dict[str, int]
    model: dict[str, int]

    def cost(self, name: str) -> float:
        """Return the payload over that of the better float decoder, less one."""
        return self.payload[name] / min(self.payload[_UNROUNDED], self.payload[_FLOATS]) - 1


def main() -> None:
    """Fit, train again, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("datasets", nargs="+")
    parser.add_argument("--tolerance", type=float, default=0.01)
    parser.add_argument("--seeds", type=int, default=_SEEDS)
    parser.add_argument("--steps", type=int, default=_STEPS)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    console = Console(width=100, highlight=False)
    console.print(machine_line())
    for dataset in arguments.datasets:
        render(
            decoder_table(dataset, arguments.tolerance, arguments.seeds, arguments.steps), console
        )


def decoder_table(
    dataset: str, tolerance: float = 0.01, n_seeds: int = _SEEDS, n_steps: int = _STEPS
) -> Table:
    """Return a table of every decoder of one dataset, means over seeds."""
    problems = [train_once(dataset, tolerance, n_steps, seed) for seed in range(n_seeds)]
    title = f"{Path(dataset).name}, tolerance {tolerance}, {_describe(problems[0])}"
    return _table(title, [_sizes(problem) for problem in problems])


def _sizes(problem: Problem) -> Sizes:
    integers, unrounded = train_again(problem, RateObjective)
    floats_rounded, floats = train_again(problem, FloatObjective)
    networks = {
        _STORED: problem.network,
        _INTEGERS: integers,
        _UNROUNDED: unrounded,
        _FLOATS: floats,
        _ROUNDED: floats_rounded,
    }
    return Sizes(
        sum(block.raw_bytes for block in problem.blocks),
        {name: _payload_bytes(problem, network) for name, network in networks.items()},
        {name: _model_bytes(problem, network) for name, network in networks.items()},
    )


def _describe(problem: Problem) -> str:
    return f"{problem.network.decoder.latent_dim} codes of one row"


def _payload_bytes(problem: Problem, network: ArchiveNetwork) -> int:
    codec = replace(problem.codec, network=network)
    return sum(len(codec.encode(block.records).to_bytes()) for block in problem.blocks)


def _model_bytes(problem: Problem, network: ArchiveNetwork) -> int:
    """Return the model's bytes as stored; float decoders count in float32."""
    decoder = network.decoder
    if isinstance(decoder, FloatDecoder):
        network, extra = replace(network, decoder=decoder.rounded), decoder.extra_bytes
    else:
        extra = 0
    return sum(model_bytes(replace(problem.codec, network=network)).values()) + extra


def _table(title: str, sizes: list[Sizes]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name in _NAMES:
        payload = round(mean(size.payload[name] for size in sizes))
        costs = [size.cost(name) for size in sizes]
        cells = (f"{mean(costs):+.2%}", f"{min(costs):+.2%}", f"{max(costs):+.2%}")
        rows.append((name, payload, sizes[0].raw / payload, *cells, sizes[0].model[name]))
    cost = mean(size.cost(_STORED) for size in sizes)
    word = "met" if cost <= _TARGET else "MISSED"
    return Table(
        title,
        ("decoder", "payload", "raw/payload", "cost", "least", "most", "model bytes"),
        tuple(rows),
        note=f"Means of {len(sizes)} seeds; cost: payload against the better float decoder. "
        f"Integers cost at most {_TARGET:.0%}: {word}, {cost:+.2%}.",
    )


if __name__ == "__main__":
    main()
