"""dfencoder's autoencoder, which learns numbers and categories as ours does.

Its bottleneck is linear here: with its usual ReLU many of so few numbers stay zero.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any  # frames of pandas and tensors of torch have no types here

import numpy as np
import pandas as pd
import torch
from dfencoder import AutoEncoder

from benchmarks.latents.exchange import UNKNOWN, Inputs, Outputs

_HIDDEN, _EPOCHS, _SEED = 64, 20, 0


def dfencoder(inputs: Inputs) -> Callable[[int], Outputs]:
    """Return the method for one table, to be called with a dimension.

    Raises:
        ValueError: the table has text, which dfencoder does not learn.
    """
    if len(inputs.text):
        raise ValueError("dfencoder learns no text")

    def make(dim: int) -> Outputs:
        torch.manual_seed(_SEED)
        np.random.seed(_SEED)  # noqa: NPY002, dfencoder draws from it
        frame = _frame(inputs)
        started = time.process_time()
        model = AutoEncoder(
            encoder_layers=[_HIDDEN, dim],
            encoder_activations=["relu", None],
            decoder_layers=[_HIDDEN],
            decoder_activations=["relu"],
            device="cpu",
            progress_bar=False,
        )
        model.fit(frame[~inputs.is_test], epochs=_EPOCHS)
        trained = time.process_time()
        latents = model.get_representation(frame)
        encode_s = time.process_time() - trained
        with torch.no_grad():
            rows = model.decode_to_df(latents, df=frame)
        return _outputs(inputs, latents.numpy(), rows, trained - started, encode_s)

    return make


def _frame(inputs: Inputs) -> Any:
    """Return a frame of floats and of objects, which dfencoder takes for categories.

    It fails on columns that do not vary, which the mean says all of.
    """
    numbers = np.concatenate([inputs.numbers, inputs.vectors], axis=1)
    train = ~inputs.is_test
    columns: dict[str, Any] = {}
    for number, column in enumerate(numbers.T):
        if np.nanmin(column[train]) < np.nanmax(column[train]):
            columns[f"n{number}"] = column
    for number, codes in enumerate(inputs.categories.T):
        if codes[train].min() < codes[train].max():
            columns[f"c{number}"] = pd.Series(codes.astype(str).astype(object), dtype=object)
    return pd.DataFrame(columns)


def _outputs(inputs: Inputs, latents: Any, rows: Any, train_s: float, encode_s: float) -> Outputs:
    n_rows, n_numbers = inputs.numbers.shape
    categories = np.full((n_rows, inputs.categories.shape[1]), UNKNOWN)
    numbers = np.full((n_rows, n_numbers + inputs.vectors.shape[1]), np.nan)
    for name in rows.columns:
        found = categories if name.startswith("c") else numbers
        found[:, int(name[1:])] = rows[name].astype(found.dtype)
    return Outputs(
        latents=latents,
        numbers=numbers[:, :n_numbers],
        categories=categories,
        vectors=numbers[:, n_numbers:],
        train_s=train_s,
        encode_s=encode_s,
        n_learned=rows.shape[1] if not inputs.vectors.shape[1] else inputs.n_columns,
    )
