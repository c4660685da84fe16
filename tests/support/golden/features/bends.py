"""Golden cases of features: two latents that every column is a sum of, rounded, beside texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from ae_pipeline.codec.features import EXACT, LatentRounding
from tests.support.golden.case import Golden, integers


def rounded_case() -> Golden:
    """Latents in steps of their own: the first loses bits that the case's numbers have."""
    return features_case(LatentRounding("float32", (1.0, 0.125)))


def int8_case() -> Golden:
    """Latents of eight bits, in one step that is no power of two."""
    return features_case(LatentRounding("int8", (0.1875, 0.1875)))


def features_case(rounding: LatentRounding = EXACT) -> Golden:
    """The codec whose two latents are two numbers that every column is a sum of."""
    from tests.support.codec.features import hand_set_codec, hand_set_table

    tables: dict[str, pa.Table] = {}
    for seed, (name, n_rows) in enumerate({"part-0.parquet": 40, "part-1.parquet": 7}.items()):
        left, right = integers(seed, n_rows, 64) / 4, integers(seed + 3, n_rows, 64) / 4 - 8
        table = pa.Table.from_batches([hand_set_table(left.tolist(), right.tolist())])
        is_null = pa.array(np.arange(n_rows) % 6 == 1)
        holes = pa.compute.if_else(is_null, pa.scalar(None, pa.float64()), table["left"])
        wild = table["right"].to_numpy().copy()
        wild[2::7], wild[3::7], wild[4::7] = np.nan, np.inf, -np.inf
        table = table.set_column(1, table.schema.field("left"), holes)
        tables[f"day=1/{name}"] = table.set_column(2, table.schema.field("right"), pa.array(wild))
    return Golden(hand_set_codec(rounding=rounding), tables)


def worded_case() -> Golden:
    """The codec that sees the words of a text, too, which comes back as it was."""
    from tests.support.codec.features import worded_codec, worded_table

    words = ["Win, win!", None, "", "call me", "很好 \u00e9", "WIN", " other  "]
    left, right = integers(7, len(words), 64) / 4, integers(8, len(words), 64) / 4 - 8
    rows = worded_table(left.tolist(), right.tolist(), words)
    return Golden(worded_codec(), {"part-0.parquet": pa.Table.from_batches([rows])})
