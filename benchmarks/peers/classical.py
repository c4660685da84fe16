"""A classical autoencoder: trained on squared errors, no corrections, no promise for any value."""

from __future__ import annotations

import tempfile

import numpy as np

from ae_pipeline.blocks.block import records_to_block
from ae_pipeline.codec.features import FeaturesCodec, load_features_codec
from ae_pipeline.config.columns import ColumnsConfig
from ae_pipeline.config.job import FitJob
from ae_pipeline.config.network import NetworkConfig
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.verbs import fit
from benchmarks.peers.block import Block, Layout
from benchmarks.peers.peer import Encoded, Peer, pack_exact, unpack_exact

#: About five seconds of training.
_MOST_STEPS = 10_000
_FLOAT = np.dtype(np.float32)


def classical(source: str, columns: ColumnsConfig, latent_dim: int | None) -> Peer:
    """Return a peer trained on a source; None takes a quarter of its feature columns as latents."""
    network, training = NetworkConfig(latent_dim=latent_dim), TrainingConfig(max_steps=_MOST_STEPS)
    with tempfile.TemporaryDirectory() as folder:
        fit(
            FitJob(source=source, codec=folder, columns=columns, network=network, training=training)
        )
        return _peer(load_features_codec(folder))


def _peer(codec: FeaturesCodec) -> Peer:
    def encode(block: Block) -> Encoded:
        latents = codec.encode(records_to_block(block.records, codec.schema.features))
        return Encoded.of([pack_exact(column) for column in latents.T.copy()])

    def decode(encoded: Encoded, layout: Layout) -> list[np.ndarray]:
        latents = np.stack([unpack_exact(part, _FLOAT) for part in encoded.parts], axis=1)
        values = codec.decode(latents, None).values
        return [column[chosen] for column, chosen in zip(values, layout.is_finite, strict=True)]

    model_bytes = _FLOAT.itemsize * codec.architecture.n_parameters
    return Peer("classical autoencoder", encode, decode, model_bytes=model_bytes)
