"""PyOD's autoencoder on the design matrix, with its usual settings and the bottleneck asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any  # tensors of torch have no types here

import numpy as np
import torch
from pyod.models.auto_encoder import AutoEncoder

from benchmarks.latents.exchange import Inputs, Outputs
from benchmarks.latents.peers.design import Design
from benchmarks.latents.peers.pca import decoded

_HIDDEN = 64


def pyod(inputs: Inputs) -> Callable[[int], Outputs]:
    """Return the method for one table, to be called with a dimension."""

    def make(dim: int) -> Outputs:
        started = time.process_time()
        design = Design(inputs)
        matrix = _dense(design.matrix())
        # the design matrix is standardised, and one-hot columns are not to be inflated
        detector = AutoEncoder(hidden_neuron_list=[_HIDDEN, dim], preprocessing=False, verbose=0)
        detector.fit(matrix[~inputs.is_test])
        trained = time.process_time()
        network = detector.model.eval()
        latents = _applied(network.encoder, matrix)
        encode_s = time.process_time() - trained

        def decode(some: Any) -> Any:
            return _applied(network.decoder, some)

        return decoded(design, latents, decode, trained - started, encode_s)

    return make


def _applied(network: Any, matrix: Any) -> Any:
    with torch.no_grad():
        return network(torch.from_numpy(matrix)).numpy()


def _dense(matrix: Any) -> Any:
    whole = matrix if isinstance(matrix, np.ndarray) else matrix.toarray()
    return whole.astype(np.float32)
