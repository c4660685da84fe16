"""Search for the codes that make a block small: the nearest ones are not always the cheapest.

A code is a rounded latent, but the bits of a block are those of the codes and of all residuals that
the decoder leaves. Starting from the rounded latents, each code in turn moves to its neighbour on
the other side of the latent, and stays there where that saves bits. Readers need not know.

The search estimates in float32; residuals are then computed exactly from the codes it finds.

Source of the idea: Karczewicz, Ye and Chong 2008, "Rate distortion optimized quantization"
(ITU-T VCEG-AH21).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int, Int8, Int64

from ae_pipeline.coding import ACTIVATION_MAX, ACTIVATION_STEPS, CODE_MAX, IntegerDecoder

#: A latent closer to its code than this is not worth trying the neighbour.
LEAST_DISTANCE = 0.25
_TILE_WINDOWS = 2048
#: Windows from which prices are measured.
_PRICED_WINDOWS = 4096
#: Larger distances count as this one.
_FARTHEST = 1e6
_SMALLEST_SPREAD, _SMALLEST_MEAN = 0.3, 1e-3

Wide = Float32[np.ndarray, "windows wide"]
Hidden = Float32[np.ndarray, "windows hidden"]
Codes = Float32[np.ndarray, "windows latent"]


def search_codes(
    decoder: IntegerDecoder,
    latents: Float32[np.ndarray, "windows latent"],
    units: Float64[np.ndarray, "windows wide"],
    least_distance: float = LEAST_DISTANCE,
) -> Int64[np.ndarray, "windows latent"]:
    """Find codes for latents, at most `CODE_MAX` in magnitude.

    Args:
        decoder: predicts from the codes.
        latents: in steps of their codes.
        units: values to predict, in tolerance units; NaN where there are none.
        least_distance: of a latent to its code, from which the neighbour is tried.
    """
    codes = nearest_codes(latents)
    if not codes.size:
        return codes
    tables = _Tables.of(decoder)
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # numbers that are not finite are never better
        step = -(-len(codes) // _PRICED_WINDOWS)
        prices = _Prices.of(codes[::step], _distances(decoder, codes[::step], units[::step]))
        for start in range(0, len(codes), _TILE_WINDOWS):
            tile = slice(start, start + _TILE_WINDOWS)
            distances = _distances(decoder, codes[tile], units[tile])
            state = _State.of(tables, prices, codes[tile].astype(np.float32), distances)
            found = _search_tile(state, latents[tile], least_distance)
            codes[tile] = found.astype(np.int64)
    return codes


@dataclass(frozen=True)
class _Tables:
    """The decoder's weights as float32 factors; activations are counted in their steps."""

    hidden: Float32[np.ndarray, "latent hidden"]
    bias: Float32[np.ndarray, "hidden"]
    output: Float32[np.ndarray, "hidden wide"]
    skip: Float32[np.ndarray, "latent wide"]

    @classmethod
    def of(cls, decoder: IntegerDecoder) -> _Tables:
        return cls(
            _scaled(decoder.hidden_weights, decoder.hidden_shift) * ACTIVATION_STEPS,
            decoder.hidden_bias * np.float32(ACTIVATION_STEPS),
            _scaled(decoder.output_weights, decoder.output_shift) / ACTIVATION_STEPS,
            _scaled(decoder.skip_weights, decoder.skip_shift),
        )


@dataclass(frozen=True)
class _Prices:
    """Bits of codes and residuals, from their distributions in a block.

    Args:
        residual: bits per unit of magnitude: residuals as two-sided geometric numbers.
        center: mean of each code.
        curvature: bits of a code per squared distance to the mean: codes as Gaussian numbers.
    """

    residual: Float32[np.ndarray, "wide"]
    center: Float32[np.ndarray, "latent"]
    curvature: Float32[np.ndarray, "latent"]

    @classmethod
    def of(cls, codes: Int64[np.ndarray, "windows latent"], distances: Wide) -> _Prices:
        n_present = np.maximum(np.isfinite(distances).sum(axis=0), 1)
        mean = np.maximum(_magnitude(distances).sum(axis=0) / n_present, _SMALLEST_MEAN)
        # A two-sided geometric distribution of ratio q has mean magnitude 2 q / (1 - q^2).
        ratio = (np.sqrt(1.0 + mean * mean) - 1.0) / mean
        spread = np.maximum(codes.std(axis=0), _SMALLEST_SPREAD)
        return cls(
            -np.log2(ratio).astype(np.float32),
            codes.mean(axis=0).astype(np.float32),
            (np.log2(np.e) / (2.0 * spread**2)).astype(np.float32),
        )

    def residuals(self, distances: Wide) -> Float32[np.ndarray, "windows"]:
        """Return the bits of each window's residuals."""
        return _magnitude(distances) @ self.residual

    def moved(
        self,
        number: int,
        codes: Float32[np.ndarray, "windows"],
        moves: Float32[np.ndarray, "windows"],
    ) -> Float32[np.ndarray, "windows"]:
        """Return the bits that codes of one latent take more after moves by one."""
        return (2.0 * moves * (codes - self.center[number]) + 1.0) * self.curvature[number]


def nearest_codes(
    latents: Float32[np.ndarray, "windows latent"],
) -> Int64[np.ndarray, "windows latent"]:
    """Round latents to codes, at most `CODE_MAX` in magnitude."""
    codes = np.clip(np.rint(latents), -CODE_MAX, CODE_MAX)
    np.copyto(codes, 0.0, where=np.isnan(codes))
    return codes.astype(np.int64)


def _search_tile(state: _State, latents: Codes, least_distance: float) -> Codes:
    """Try every code once; a second round finds little and takes half as long again."""
    for number in range(latents.shape[1]):
        state.move(number, latents[:, number], least_distance)
    return state.codes


@dataclass(frozen=True)
class _State:
    """The state of some windows; changed in place as codes move.

    Args:
        tables: weights of the decoder.
        prices: bits of codes and residuals.
        codes: as found so far.
        drive: inputs of hidden units.
        active: outputs of hidden units, in steps.
        distances: residuals before rounding.
        bits: bits of the residuals of each window.
    """

    tables: _Tables
    prices: _Prices
    codes: Codes
    drive: Hidden
    active: Hidden
    distances: Wide
    bits: Float32[np.ndarray, "windows"]

    @classmethod
    def of(cls, tables: _Tables, prices: _Prices, codes: Codes, distances: Wide) -> _State:
        drive = codes @ tables.hidden
        drive += tables.bias
        bits = prices.residuals(distances)
        return cls(tables, prices, codes, drive, _activate(drive), distances, bits)

    def move(
        self, number: int, latents: Float32[np.ndarray, "windows"], least_distance: float
    ) -> None:
        """Move codes of one latent beyond it where that saves bits."""
        beyond = latents - self.codes[:, number]
        tried = np.flatnonzero(np.abs(beyond) >= least_distance)
        moves = np.copysign(np.float32(1), beyond[tried])
        drive = moves[:, None] * self.tables.hidden[number]
        drive += self.drive[tried]
        active = _activate(drive)
        distances = (self.active[tried] - active) @ self.tables.output
        distances += self.distances[tried]
        distances -= moves[:, None] * self.tables.skip[number]
        bits = self.prices.residuals(distances)
        more = self.prices.moved(number, self.codes[tried, number], moves)
        is_better = bits + more < self.bits[tried]
        is_better &= np.abs(self.codes[tried, number] + moves) <= CODE_MAX
        better = tried[is_better]
        self.codes[better, number] += moves[is_better]
        self.drive[better], self.active[better] = drive[is_better], active[is_better]
        self.distances[better], self.bits[better] = distances[is_better], bits[is_better]


def _activate(
    drive: Float32[np.ndarray, "windows hidden"],
) -> Float32[np.ndarray, "windows hidden"]:
    active = np.rint(drive)
    return np.clip(active, 0, ACTIVATION_MAX, out=active)


def _distances(
    decoder: IntegerDecoder,
    codes: Int64[np.ndarray, "windows latent"],
    units: Float64[np.ndarray, "windows wide"],
) -> Wide:
    """Return residuals before rounding; NaN where there is nothing to predict."""
    left = units - decoder.predict(codes).T
    return np.clip(left, -_FARTHEST, _FARTHEST).astype(np.float32)


def _magnitude(distances: Wide) -> Wide:
    """Return the magnitudes of residuals; 0 where there are none."""
    rounded = np.rint(distances)
    np.abs(rounded, out=rounded)
    return np.fmax(rounded, 0.0, out=rounded)


def _scaled(
    weights: Int[np.ndarray, "inputs outputs"], shift: Int8[np.ndarray, "outputs"]
) -> Float32[np.ndarray, "inputs outputs"]:
    return np.ldexp(weights.astype(np.float32), -shift.astype(np.int32)).astype(np.float32)
