"""Steps of a process at which a fault can strike."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CALLS = ("fsync", "link", "mkdir", "rename", "replace", "rmdir", "unlink")


def strike_at(point: int, strike: Callable[[str], None], log: Path) -> None:
    """Let a fault strike at a step of this process; which one it was is logged."""
    n_calls = 0

    def step(label: str) -> None:
        nonlocal n_calls
        n_calls += 1
        if n_calls == point:
            log.write_text(label)
            strike(label)

    def striking(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            label = f"{name} {_kind_of(args)}"
            step(label)
            try:
                return call(*args, **kwargs)
            finally:
                step(f"{label}, after")

        return stepped

    for name in _CALLS:
        setattr(os, name, striking(name, getattr(os, name)))
    hashlib.file_digest = striking("hash", hashlib.file_digest)  # type: ignore[assignment]


def _kind_of(args: tuple[Any, ...]) -> str:
    """Name the subject of a call in a word or two."""
    first = args[0] if args else ""
    path = getattr(first, "name", first)
    text, target = str(path), str(args[1]) if len(args) > 1 else ""
    for kind in ("retiring", "retired", "unchecked", "failed", "codecs", "dataset.json"):
        if f"_ae/{kind}" in text:
            return f"{kind} note" if kind not in ("codecs", "dataset.json") else kind
    place = "archive" if "/archive/" in text else "source" if "/source/" in text else "file"
    if ".retiring" in text or ".retiring" in target:
        return f"hidden {Path(text).name}"
    return f"{place} file" if text.endswith((".parquet", ".tmp", ".replaced")) else place
