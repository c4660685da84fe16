"""Seeded series of measurements as loggers write them: charging curves, and shapes of signals.

Smooth stretches, plateaus, jumps and noise are what temporal predictors are good or bad at.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

#: Rows of one charging cycle are about this many, half of them charging.
_CYCLE_ROWS = 6_000


def charging_curves(random: np.random.Generator, n_rows: int, n_cells: int = 4) -> pa.Table:
    """Return cycles of cells that charge at constant current, then at constant voltage, and rest.

    Each cell has a current (A), a voltage (V) and a temperature (degrees), float64 but for the last
    cell, which a logger of float32 has recorded.
    """
    columns: dict[str, np.ndarray] = {}
    for cell in range(n_cells):
        kind = np.float32 if cell == n_cells - 1 else np.float64
        current, voltage, temperature = _cell(random, n_rows)
        columns |= {
            f"current_{cell}": current.astype(kind),
            f"voltage_{cell}": voltage.astype(kind),
            f"temperature_{cell}": temperature.astype(kind),
        }
    return pa.table(columns)


def signal_shapes(random: np.random.Generator, n_rows: int) -> pa.Table:
    """Return steps, ramps, chirps, spikes and sums of sines, with little noise and with much.

    Ranges are about 2, so noise of deviation 1e-4 lies below a tolerance of 0.1 % of them, that of
    0.01 above.
    """
    time = np.linspace(0.0, 1.0, n_rows)
    tones = sum(
        np.sin(2 * np.pi * (frequency * time + phase)) / 3
        for frequency, phase in zip((3.0, 17.3, 61.7), random.random(3), strict=True)
    )
    noise = random.normal(size=n_rows)
    columns = {
        "steps": _held(random, n_rows, 1_000),
        "ramps": _ramps(random, n_rows),
        "chirp": np.sin(2 * np.pi * 200 * time**2),
        "spikes": _spikes(random, n_rows),
        "sines": tones,
        "sines_quiet": tones + 1e-4 * noise,
        "sines_noisy": tones + 1e-2 * noise,
        "walk": np.cumsum(random.normal(size=n_rows)),
    }
    singles = {f"{name}_32": columns[name].astype(np.float32) for name in ("chirp", "sines_quiet")}
    return pa.table(columns | singles)


def _cell(random: np.random.Generator, n_rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = list(_cycles(random, n_rows))
    current, voltage = (np.concatenate([part[at] for part in parts])[:n_rows] for at in (0, 1))
    # Heat of the losses decays over about 900 rows; the room drifts over the day.
    heat = _decayed(0.004 * current**2, 900.0)
    room = 22.0 + 3.0 * np.sin(2 * np.pi * np.arange(n_rows) / 86_400.0 + random.random())
    return current, voltage, room + heat


def _cycles(random: np.random.Generator, n_rows: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (current, voltage) of cycles until there are enough rows."""
    left = n_rows
    while left > 0:
        most, top = 2.0 + 0.1 * random.random(), 4.2 - 0.002 * random.random()
        n_charge, n_hold, n_rest, n_drain = (
            int(_CYCLE_ROWS * share * (0.8 + 0.4 * random.random()))
            for share in (0.35, 0.2, 0.2, 0.25)
        )
        charge = np.linspace(0.05, 0.9, n_charge)
        rising = (
            3.2 + 0.85 * charge + 0.12 * np.tanh((charge - 0.5) * 6) - 0.08 * np.exp(-charge * 30)
        )
        rising += (top - rising[-1]) * charge / charge[-1]
        fade = np.exp(-np.arange(n_hold) / (0.25 * n_hold))
        relaxed = top - 0.06 * (1 - np.exp(-np.arange(n_rest) / 250.0))
        falling = np.interp(np.arange(n_drain), [0, n_drain - 1], [relaxed[-1] - 0.1, 3.2])
        falling -= 0.15 * np.linspace(0, 1, n_drain) ** 6
        yield (
            np.concatenate(
                [np.full(n_charge, most), most * fade, np.zeros(n_rest), np.full(n_drain, -1.0)]
            ),
            np.concatenate([rising, np.full(n_hold, top), relaxed, falling]),
        )
        left -= n_charge + n_hold + n_rest + n_drain


def _decayed(power: np.ndarray, rows: float) -> np.ndarray:
    """Return power filtered by an exponential decay over so many rows."""
    keep = np.exp(-1.0 / rows)
    found, level = np.empty_like(power), 0.0
    for row, one in enumerate(power.tolist()):
        level = keep * level + one
        found[row] = level
    return found


def _held(random: np.random.Generator, n_rows: int, mean_rows: int) -> np.ndarray:
    """Return values that hold for a while and jump."""
    jumps = np.cumsum(random.random(n_rows) < 1 / mean_rows)
    return random.uniform(-1.0, 1.0, jumps[-1] + 1)[jumps]


def _ramps(random: np.random.Generator, n_rows: int) -> np.ndarray:
    """Return straight lines between random points."""
    n_points = max(n_rows // 2_000, 2)
    places = np.sort(random.choice(n_rows, n_points, replace=False))
    return np.interp(np.arange(n_rows), places, random.uniform(-1.0, 1.0, n_points))


def _spikes(random: np.random.Generator, n_rows: int) -> np.ndarray:
    """Return a quiet sine with rare peaks of one to three rows."""
    found = 0.05 * np.sin(2 * np.pi * np.arange(n_rows) / 20_000.0)
    starts = np.flatnonzero(random.random(n_rows) < 1 / 1_500)
    for start in starts:
        found[start : start + random.integers(1, 4)] += random.uniform(0.5, 2.0)
    return found
