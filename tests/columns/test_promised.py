"""The driver of random tables: it finds nothing wrong, and would find it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.columns import TableSchema, measure, resolve_tolerances
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from benchmarks.promises import KINDS, complaint, is_flat, main


def test_random_tables_keep_their_promises(capsys: pytest.CaptureFixture[str]) -> None:
    """A few random tables of all kinds of tolerances come back as promised."""
    assert main(["--tables", "8", "--seed", "0"]) == 0
    assert "kept" in capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_promise_is_found(kind: str) -> None:
    """Whatever the kind, values that are too far off are complained of, and equal ones are not."""
    source = pa.array(np.arange(1.0, 50.0))
    for amount in KINDS[kind]:
        assert complaint(kind, amount, source, source) == ""
        assert "beyond the promise" in complaint(kind, amount, source, _off(source, 60.0))


@pytest.mark.parametrize("value", [np.nan, np.inf, None])
def test_what_is_not_finite_must_be_the_same(value: float | None) -> None:
    """Another NaN, another infinity or a lost null is complained of."""
    source = pa.array([1.0, value, 2.0])
    other = np.array([1.0, 0.0, 2.0])
    other.view("u8")[1] = 0x7FF8000000000001
    assert complaint("absolute", 9.0, source, pa.array(other)) != ""


def test_flat_columns_are_found() -> None:
    """A column whose decoding says next to nothing of it is flat; a constant is not."""
    source = pa.array(np.arange(50.0))
    assert is_flat(source, pa.array(np.full(50, 24.5)))
    assert not is_flat(source, source)
    assert not is_flat(pa.array([1.0, 1.0]), pa.array([2.0, 2.0]))


def _off(source: pa.Array, error: float) -> pa.Array:
    return pa.array(source.to_numpy() + error)


def test_rmse_of_whole_numbers() -> None:
    """Cells of integers are those that a root mean square was measured with."""
    values = np.array([[-64.0, 63.0]])
    schema = TableSchema(pa.schema([("x", pa.int8())]), ("x",))
    rule = ToleranceRule(match="x", kind="psnr", value=40.0)
    statistics = measure(values, np.random.default_rng(0))
    (quantizer,) = resolve_tolerances(ToleranceConfig(rules=(rule,)), schema, statistics)
    decoded = quantizer.grid.from_units(np.rint(quantizer.grid.to_units(values[0])))
    assert np.sqrt(np.mean((decoded - values[0]) ** 2)) <= 1.27
