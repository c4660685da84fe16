"""Load and save the facts that datasets keep about their objects and those of their sources."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field

from ae_pipeline.errors import AePipelineError
from ae_pipeline.store.changes import delete, put
from ae_pipeline.store.facts import Facts
from ae_pipeline.store.faults import faults
from ae_pipeline.store.mirror import Mirror

#: Below a dataset that ae-pipeline writes.
INDEX_FILE = "_ae/index.pq"
#: In earlier releases, where readers that follow `**/*.parquet` took its facts for rows.
_FORMER_FILE = "_ae/index.parquet"
_MARKER_FILE = "_ae/dataset.json"


@dataclass
class Index:
    """The indexes of the datasets that are visited.

    Args:
        facts: to load into and save from.
        roots: prefixes that are visited, with the mirrors of their buckets.
    """

    facts: Facts
    roots: dict[tuple[str, str], Mirror] = field(default_factory=dict)

    def load(self, mirror: Mirror, root: str) -> None:
        """Read the index below a prefix, if it has one."""
        self.roots[mirror.bucket.root, root] = mirror
        keys = (_below(root, INDEX_FILE), _below(root, _FORMER_FILE))
        for key in [key for key in keys if key in mirror.entries][:1]:
            with suppress(AePipelineError, OSError):  # it only saves requests
                self.facts.load(_read(mirror, key))

    def save(self) -> None:
        """Write new facts to each dataset of ours; what cannot be written is asked for again."""
        marked = {root: mirror for root, mirror in self.roots.items() if _is_ours(mirror, root[1])}
        if not (self.facts.fresh or any(_has_former(one, key) for (_, key), one in marked.items())):
            return
        sources = [root for root in self.roots if root not in marked]
        for root, mirror in marked.items():
            uris = [uri for one in (root, *sources) for uri in _uris(self.roots[one], one[1])]
            try:
                _write(mirror, _below(root[1], INDEX_FILE), self.facts.save(uris))
                if _has_former(mirror, root[1]):
                    delete(mirror, _below(root[1], _FORMER_FILE))
            except (AePipelineError, OSError):
                continue
        self.facts.take_fresh()


def _is_ours(mirror: Mirror, root: str) -> bool:
    return _below(root, _MARKER_FILE) in mirror.entries


def _has_former(mirror: Mirror, root: str) -> bool:
    return _below(root, _FORMER_FILE) in mirror.entries


def _uris(mirror: Mirror, root: str) -> list[str]:
    start = f"{root}/" if root else ""
    return [mirror.uri(key) for key in list(mirror.entries) if key.startswith(start) or key == root]


def _below(root: str, name: str) -> str:
    return f"{root}/{name}" if root else name


def _read(mirror: Mirror, key: str) -> bytes:
    import obstore  # noqa: PLC0415, of an extra

    with faults(mirror.uri(key)):
        return bytes(obstore.get(mirror.client, key).bytes())


def _write(mirror: Mirror, key: str, content: bytes) -> None:
    path = mirror.path(key)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    temporary = f"{path}.{secrets.token_hex(4)}"
    with open(temporary, "wb") as file:
        file.write(content)
    put(mirror, key, temporary)
    os.replace(temporary, path)
