"""Our codec as a peer: the same blocks, in memory, measured by the same clock."""

from __future__ import annotations

import numpy as np

from ae_pipeline.codec.archive import ArchiveCodec, model_bytes
from ae_pipeline.config.effort import Effort
from benchmarks.peers.block import Block, Layout
from benchmarks.peers.peer import Encoded, Peer


def archive_peer(name: str, codec: ArchiveCodec, effort: Effort = "small") -> Peer:
    """Return a peer that stores blocks as an archive of this effort does."""
    choice = codec.choice(effort)

    def encode(block: Block) -> Encoded:
        return Encoded.of([codec.encode(block.records, choice=choice).to_bytes()])

    def decode(encoded: Encoded, layout: Layout) -> list[np.ndarray]:
        (content,) = encoded.parts
        columns = codec.decode(content, len(layout.is_finite[0]))
        return [
            columns[feature].to_numpy(zero_copy_only=False)[is_finite]
            for feature, is_finite in zip(codec.schema.features, layout.is_finite, strict=True)
        ]

    model = sum(model_bytes(codec).values())
    return Peer(name, encode, decode, tells_missing=True, model_bytes=model)
