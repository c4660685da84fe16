"""Columns of errors beside the latents, and that decoding does not mind them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.columns import TableSchema
from ae_pipeline.errors import ConfigError
from ae_pipeline.formats import FeaturesFormat
from ae_pipeline.formats.latents.errors import error_arrays, error_fields
from tests.support.codec.features import SCHEMA, hand_set_codec, hand_set_table

WITH_ERROR = {"latent_column": "latent", "with_error": "true"}


def test_the_total_is_the_sum_of_what_is_there() -> None:
    """Errors that are not there are null and count 0; those beyond float32 are its largest."""
    errors = np.array([[1.0, np.nan, 1e300], [2.0, np.nan, np.inf]])
    total, own = error_arrays(errors, ["a", "b"])
    largest = float(np.finfo(np.float32).max)
    assert total.to_pylist() == [3.0, 0.0, largest]
    assert own.to_pylist()[:2] == [{"a": 1.0, "b": 2.0}, {"a": None, "b": None}]
    assert [total.type, own.type] == [field.type for field in error_fields(["a", "b"])]


def test_rows_carry_their_errors_and_still_decode() -> None:
    """With errors, features have two more columns, and the same values come back."""
    format = FeaturesFormat.wrap(hand_set_codec(), WITH_ERROR)
    rows = hand_set_table([1.0, 2.0], [0.5, -1.0])
    encoded, _ = format.encode_records(format.encoded_schema(SCHEMA), rows)
    assert encoded.schema.names[-2:] == ["ae:error", "ae:errors"]
    assert encoded["ae:error"].to_pylist() == [0.0, 0.0]
    assert encoded["ae:errors"][0].as_py()["left"] == 0.0
    assert encoded["ae:errors"][0].as_py()["flat"] is None
    decoded = format.decode_records("latent", SCHEMA, "here", encoded)
    assert decoded.equals(rows)


def test_a_footer_says_that_there_are_errors() -> None:
    """What was written with errors is current for those who want them alone."""
    plain = FeaturesFormat.wrap(hand_set_codec(), {"latent_column": "latent"})
    assert "with_error" not in plain.extra
    assert FeaturesFormat.wrap(hand_set_codec(), WITH_ERROR).extra == WITH_ERROR


def test_names_of_errors_are_taken() -> None:
    """A kept column of such a name is refused where errors are asked for, and there alone."""
    roles = TableSchema(pa.schema([("ae:error", pa.float32())]), ())
    FeaturesFormat.check_names(roles, {"latent_column": "latent"})
    with pytest.raises(ConfigError, match="ae:error"):
        FeaturesFormat.check_names(roles, WITH_ERROR)
