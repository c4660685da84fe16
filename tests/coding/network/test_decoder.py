"""The integer decoder: one answer, whatever computes it."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.coding import (
    ACTIVATION_MAX,
    ACTIVATION_STEPS,
    CODE_MAX,
    SKIP_MAX,
    WEIGHT_MAX,
    IntegerDecoder,
    round_columns,
)
from ae_pipeline.coding.network import passes
from ae_pipeline.compiled import has_kernels
from tests.support.codec.drawn import random_decoder
from tests.support.values import bits

#: Processors, and the names under which OpenBLAS reports their kernels.
CORE_TYPES = {
    "Prescott": ["Prescott", "Katmai"],
    "Nehalem": ["Nehalem"],
    "Haswell": ["Haswell"],
    "Zen": ["Zen", "Haswell"],
    "SkylakeX": ["SkylakeX"],
}

#: Prints the kernel that OpenBLAS chose and a hash of predictions.
SCRIPT = """
import numpy, threadpoolctl
from tests.coding.network.test_decoder import hash_of_predictions
(blas,) = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
print(blas["architecture"], hash_of_predictions())
"""


def codes_of(generator: np.random.Generator, n_rows: int, latent: int, largest: int) -> np.ndarray:
    """[rows, latent] codes up to `largest`."""
    return generator.integers(-largest, largest, (n_rows, latent), endpoint=True)


def reference(decoder: IntegerDecoder, codes: np.ndarray) -> np.ndarray:
    """The definition in fractions: sums are exact, and only adding a bias rounds."""
    rows = [_reference_row(decoder, row) for row in codes.tolist()]
    return np.array(rows, np.float64).reshape(len(codes), -1).T


def _reference_row(decoder: IntegerDecoder, codes: list[int]) -> list[float]:
    hidden = []
    sums = _sums(codes, decoder.hidden_weights, decoder.hidden_shift)
    for total, bias in zip(sums, decoder.hidden_bias.tolist(), strict=True):
        steps = round(Fraction(float(total + Fraction(bias))) * ACTIVATION_STEPS)
        hidden.append(min(max(steps, 0), ACTIVATION_MAX))
    branch = _sums(hidden, decoder.output_weights, decoder.output_shift)
    skip = _sums(codes, decoder.skip_weights, decoder.skip_shift)
    return [
        float(Fraction(float(first / ACTIVATION_STEPS + second)) + Fraction(bias))
        for first, second, bias in zip(branch, skip, decoder.output_bias.tolist(), strict=True)
    ]


def _sums(inputs: list[int], weights: np.ndarray, shift: np.ndarray) -> list[Fraction]:
    return [
        Fraction(2) ** -step * sum(x * w for x, w in zip(inputs, column, strict=True))
        for column, step in zip(weights.T.tolist(), shift.tolist(), strict=True)
    ]


def hash_of_predictions() -> str:
    """Of a wide decoder for small and for extreme codes, so that both product types take part."""
    generator = np.random.default_rng(7)
    decoder = random_decoder(generator, latent=33, hidden=130, outputs=37)
    digest = hashlib.sha256()
    for largest in (3, 500, CODE_MAX):
        predictions = decoder.predict(codes_of(generator, 5000, 33, largest))
        digest.update(np.ascontiguousarray(predictions).tobytes())
    return digest.hexdigest()


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 40, CODE_MAX]))
def test_equals_the_definition_in_fractions(seed: int, largest: int) -> None:
    """Predictions are those of exact arithmetic, rounded once per bias, bit for bit."""
    generator = np.random.default_rng(seed)
    latent, hidden, outputs = generator.integers(1, [5, 9, 6])
    decoder = random_decoder(generator, int(latent), int(hidden), int(outputs))
    codes = codes_of(generator, 5, int(latent), largest)
    found = decoder.predict(codes)
    assert found.shape == (outputs, 5)
    np.testing.assert_array_equal(bits(found), bits(reference(decoder, codes)))


@pytest.mark.parametrize("largest", [9, CODE_MAX])
def test_batches_do_not_matter(largest: int, generator: np.random.Generator) -> None:
    """Rows alone, in hundreds, in tiles, all at once or in another order predict the same bits."""
    decoder = random_decoder(generator, latent=8, hidden=64, outputs=11)
    codes = codes_of(generator, 9001, 8, largest)
    whole = decoder.predict(codes)
    for n_rows, until in ((1, 300), (100, 9001), (4096, 9001)):
        for start in range(0, until, n_rows):
            stop = min(start + n_rows, until)
            np.testing.assert_array_equal(decoder.predict(codes[start:stop]), whole[:, start:stop])
    order = generator.permutation(len(codes))
    np.testing.assert_array_equal(decoder.predict(codes[order]), whole[:, order])


@pytest.mark.skipif(not has_kernels(), reason="Numba is not installed")
@pytest.mark.parametrize("largest", [9, CODE_MAX])
def test_compiled_passes_do_not_matter(
    largest: int, generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passes of numpy and those that Numba compiles predict the same bits."""
    decoder = random_decoder(generator, latent=8, hidden=64, outputs=11)
    codes = codes_of(generator, 5000, 8, largest)
    monkeypatch.setattr("ae_pipeline.compiled._Spent.has_failed", True)
    expected = decoder.predict(codes)
    monkeypatch.setattr("ae_pipeline.compiled._Spent.has_failed", False)
    monkeypatch.setattr("ae_pipeline.compiled._Spent.seconds", 100.0)
    np.testing.assert_array_equal(bits(decoder.predict(codes)), bits(expected))


def test_memory_order_of_codes_does_not_matter(generator: np.random.Generator) -> None:
    """Codes that were unpacked latent by latent predict the same bits."""
    decoder = random_decoder(generator, latent=5, hidden=20, outputs=7)
    codes = codes_of(generator, 1000, 5, 500)
    np.testing.assert_array_equal(decoder.predict(np.asfortranarray(codes)), decoder.predict(codes))


def test_threads_do_not_matter() -> None:
    """One BLAS thread and two predict the same bits."""
    found = []
    for n_threads in (1, 2):
        with threadpoolctl.threadpool_limits(n_threads, user_api="blas"):
            found.append(hash_of_predictions())
    assert found[0] == found[1]


def test_product_type_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Products in float64 alone give the bits of products in float32 where that is exact."""
    expected = hash_of_predictions()
    monkeypatch.setattr(passes, "_FLOAT32_EXACT", 0)
    assert hash_of_predictions() == expected


@pytest.mark.parametrize("core_type", CORE_TYPES)
def test_kernels_of_blas_do_not_matter(core_type: str) -> None:
    """OpenBLAS's kernels for other processors predict the same bits."""
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "OPENBLAS_CORETYPE": core_type, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode == -signal.SIGILL:
        pytest.skip(f"this processor cannot run the kernels of {core_type}")
    assert process.returncode == 0, process.stderr
    chosen, found = process.stdout.split()
    if chosen not in CORE_TYPES[core_type]:
        pytest.skip(f"this BLAS has no kernels of {core_type}; it chose {chosen}")
    assert found == hash_of_predictions()


@pytest.mark.parametrize("name", ["hidden_bias", "output_bias"])
@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_biases_are_finite(name: str, odd: float, generator: np.random.Generator) -> None:
    """A decoder whose bits might depend on the machine is refused, in a forged codec as well."""
    decoder = random_decoder(generator, latent=2, hidden=3, outputs=4)
    biases = getattr(decoder, name).copy()
    biases[0] = odd
    with pytest.raises(ValueError, match="not finite"):
        replace(decoder, **{name: biases})


@pytest.mark.parametrize("hidden_sign", [1, -1])
def test_extremes_stay_exact(hidden_sign: int) -> None:
    """With 64 latents and 512 hidden units, the largest codes and weights sum up exactly."""
    latent, hidden = 64, 512
    decoder = IntegerDecoder(
        hidden_weights=np.full((latent, hidden), hidden_sign * WEIGHT_MAX, np.int8),
        hidden_shift=np.full(hidden, 20, np.int8),
        hidden_bias=np.full(hidden, 0.1, np.float32),
        output_weights=np.int8([[WEIGHT_MAX, -WEIGHT_MAX]] * hidden),
        output_shift=np.zeros(2, np.int8),
        skip_weights=np.int16([[SKIP_MAX, -SKIP_MAX]] * latent),
        skip_shift=np.zeros(2, np.int8),
        output_bias=np.float32([0, 0]),
    )
    codes = np.full((3, latent), CODE_MAX)
    codes[1] *= -1
    codes[2, ::2] -= 1
    found = decoder.predict(codes)
    np.testing.assert_array_equal(found, reference(decoder, codes))
    branch = ACTIVATION_MAX * WEIGHT_MAX * hidden / ACTIVATION_STEPS
    skip = latent * CODE_MAX * SKIP_MAX
    row = 0 if hidden_sign > 0 else 1
    assert found[0, row] == branch + hidden_sign * skip
    assert found[1, row] == -branch - hidden_sign * skip


def test_products_next_to_the_float32_limit(generator: np.random.Generator) -> None:
    """Sums just below and just above 2**24 are exact, in whatever type they are taken."""
    for n_hidden in (516, 518, 519, 520, 700):  # 255 * 127 * 518 = 2**24 - 1786
        decoder = replace(
            random_decoder(generator, 1, n_hidden, 2),
            hidden_bias=np.full(n_hidden, 100, np.float32),
            output_weights=np.full((n_hidden, 2), WEIGHT_MAX, np.int8),
        )
        codes = codes_of(generator, 4, 1, 9)
        np.testing.assert_array_equal(decoder.predict(codes), reference(decoder, codes))


def test_no_rows() -> None:
    """No codes predict nothing, of the right shape."""
    decoder = random_decoder(np.random.default_rng(0), 3, 4, 5)
    assert decoder.latent_dim == 3
    assert decoder.predict(np.zeros((0, 3), np.int64)).shape == (5, 0)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([WEIGHT_MAX, SKIP_MAX]),
    st.sampled_from([2.0**-90, 1e-6, 1.0, 127.0, 128.0, 1e6]),
)
def test_rounding_of_weights_is_bounded(seed: int, largest: int, magnitude: float) -> None:
    """A weight moves by at most its column's peak over the largest integer."""
    generator = np.random.default_rng(seed)
    kernel = (generator.normal(size=(6, 4)) * magnitude).astype(np.float32)
    kernel[:, 3] = 0.0
    integers, shift = round_columns(kernel, largest)
    assert np.abs(integers).max() <= largest
    error = np.abs(np.ldexp(integers.astype(np.float64), -shift.astype(int)) - kernel)
    assert (error <= np.abs(kernel).max(axis=0) / largest).all()
    assert not integers[:, 3].any()


def test_weights_that_are_integers_stay() -> None:
    """Powers of two times integers are not changed by rounding."""
    for exponent in (-60, -3, 0, 5):
        kernel = np.float32([[127, -64], [3, 1]]) * np.float32(2.0**exponent)
        integers, shift = round_columns(kernel, WEIGHT_MAX)
        np.testing.assert_array_equal(np.ldexp(integers.astype(float), -shift.astype(int)), kernel)


def test_trained_decoder_is_close_to_its_integers(generator: np.random.Generator) -> None:
    """Rounding a decoder moves its predictions by no more than its steps explain."""
    latent, hidden, outputs = 4, 16, 6
    weights = {
        "decoder/0/kernel": generator.normal(0, 0.02, (latent, hidden)),
        "decoder/0/bias": generator.normal(0, 0.5, hidden),
        "decoder/1/kernel": generator.normal(0, 1, (hidden, outputs)),
        "decoder/1/bias": generator.normal(0, 1, outputs),
        "decoder/skip/kernel": generator.normal(0, 0.3, (latent, outputs)),
    }
    weights = {name: array.astype(np.float32) for name, array in weights.items()}
    codes = codes_of(generator, 500, latent, 20)
    active = np.clip(codes @ weights["decoder/0/kernel"] + weights["decoder/0/bias"], 0, 255 / 64)
    expected = active @ weights["decoder/1/kernel"] + weights["decoder/1/bias"]
    expected += codes @ weights["decoder/skip/kernel"]
    peak = {name: np.abs(array).max(axis=0) for name, array in weights.items()}
    hidden_error = 20 * latent * peak["decoder/0/kernel"] / WEIGHT_MAX + 0.5 / ACTIVATION_STEPS
    limit = hidden_error @ np.abs(weights["decoder/1/kernel"])
    limit += hidden * (255 / 64) * peak["decoder/1/kernel"] / WEIGHT_MAX
    limit += hidden_error.sum() * peak["decoder/1/kernel"] / WEIGHT_MAX
    limit += 20 * latent * peak["decoder/skip/kernel"] / SKIP_MAX + 1e-4
    found = IntegerDecoder.from_floats(weights).predict(codes).T
    assert (np.abs(found - expected) <= limit).all()
    assert np.abs(found - expected).mean() < 0.05
