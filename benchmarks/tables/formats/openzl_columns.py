"""OpenZL: each stream as typed input, by the best of several graphs.

A graph that does not suit its input may abort the process, so all are tried in a child first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any  # OpenZL has no types

import numpy as np
import zstandard

from benchmarks.tables.formats.column_files import column_peer
from benchmarks.tables.formats.streams import Stream, from_text_parts, text_parts

Graph = Callable[[Any], Any]
_LEVEL = 9
_GRAPH, _ZSTD = b"\0", b"\1"


class OpenZL:
    """The codec of both kinds of stream; a choice is the name of a graph, or None for zstd."""

    def choose(self, streams: Sequence[Stream]) -> str | None:
        """Return the graph that makes all pieces smallest; None if none can."""
        if not streams:
            return None
        graphs = _number_graphs() if isinstance(streams[0], np.ndarray) else _text_graphs()
        names, sizes = list(graphs), dict[str, int]()
        tried = 0
        while tried < len(names):
            answers = _try_in_child(streams, names[tried:])
            sizes |= {
                name: size for name, size in zip(names[tried:], answers, strict=False) if size
            }
            tried += len(answers) + 1  # if there are fewer answers than names, the next one aborted
        return min(sizes, key=lambda name: sizes[name], default=None)

    def pack(self, stream: Stream, choice: str | None) -> bytes:
        """Return at least one value as bytes."""
        if choice is not None:
            return _GRAPH + _compress(stream, choice)
        if isinstance(stream, np.ndarray):
            return _ZSTD + zstandard.compress(stream.tobytes(), 19)
        lengths, joined = text_parts(stream)
        return _ZSTD + zstandard.compress(
            len(lengths).to_bytes(8, "little") + lengths.tobytes() + joined, 19
        )

    def unpack(self, content: bytes, like: Stream) -> Stream:
        """Restore a stream: the inverse of `pack`."""
        is_number = isinstance(like, np.ndarray)
        if content[:1] == _ZSTD:
            plain = zstandard.decompress(content[1:])
            if is_number:
                return np.frombuffer(plain, like.dtype)
            n_texts = int.from_bytes(plain[:8], "little")
            lengths = np.frombuffer(plain, np.int64, n_texts, 8)
            return from_text_parts(lengths, plain[8 + 8 * n_texts :])
        (output,) = _openzl().DCtx().decompress(content[1:])
        values = output.content.as_bytes()
        if is_number:
            return np.frombuffer(values, like.dtype)
        return from_text_parts(np.frombuffer(output.string_lens.as_bytes(), np.uint32), values)


def _openzl() -> Any:
    import openzl.ext

    return openzl.ext


def _compress(stream: Stream, name: str) -> bytes:
    zl = _openzl()
    is_number = isinstance(stream, np.ndarray)
    graphs = _number_graphs() if is_number else _text_graphs()
    compressor = zl.Compressor()
    compressor.set_parameter(zl.CParam.FormatVersion, zl.MAX_FORMAT_VERSION)
    compressor.select_starting_graph(graphs[name](compressor))
    context = zl.CCtx()
    context.ref_compressor(compressor)
    context.set_parameter(zl.CParam.CompressionLevel, _LEVEL)
    if is_number:
        values = stream.view(f"u{stream.dtype.itemsize}")
        return bytes(context.compress([zl.Input(zl.Type.Numeric, values)]))
    lengths, joined = text_parts(stream)
    # An input borrows these, and must not outlive them.
    content, sizes = np.frombuffer(joined, np.uint8), lengths.astype(np.uint32)
    return bytes(context.compress([zl.Input(zl.Type.String, content, sizes)]))


def _number_graphs() -> dict[str, Graph]:
    nodes = _openzl().nodes

    def tokens(k: Any, sort: bool, alphabet: Any, indices: Any) -> Any:
        return nodes.TokenizeNumeric(sort=sort)(k, alphabet=alphabet, indices=indices)

    return {
        "compress": _any,
        "field": _field,
        "delta": lambda k: nodes.DeltaInt()(k, _any(k)),
        "delta, field": lambda k: nodes.DeltaInt()(k, _field(k)),
        "sorted tokens": lambda k: tokens(k, True, nodes.DeltaInt()(k, _field(k)), _any(k)),
        "sorted tokens, field": lambda k: tokens(
            k, True, nodes.DeltaInt()(k, _field(k)), _field(k)
        ),
        "tokens": lambda k: tokens(k, False, _any(k), _any(k)),
        "range": lambda k: nodes.RangePack()(k, _any(k)),
        "split": lambda k: nodes.TransposeSplit()(k, _any(k)),
        "range, split": lambda k: nodes.RangePack()(k, nodes.TransposeSplit()(k, _any(k))),
    }


def _text_graphs() -> dict[str, Graph]:
    nodes = _openzl().nodes
    return {
        "compress": _any,
        "sorted tokens": lambda k: nodes.TokenizeString(sort=True)(
            k, alphabet=_any(k), indices=_any(k)
        ),
        "tokens": lambda k: nodes.TokenizeString(sort=False)(k, alphabet=_any(k), indices=_any(k)),
    }


def _any(compressor: Any) -> Any:
    return _openzl().graphs.Compress()(compressor)


def _field(compressor: Any) -> Any:
    return _openzl().graphs.FieldLz()(compressor)


def _try_in_child(streams: Sequence[Stream], names: Sequence[str]) -> list[int]:
    """Return the sizes of all pieces by each graph, 0 if it fails; fewer if one aborts."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            for name in names:
                os.write(writing, f"{_size(streams, name)}\n".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answers:
        sizes = [int(line) for line in answers]
    os.waitpid(child, 0)
    return sizes


def _size(streams: Sequence[Stream], name: str) -> int:
    try:
        return sum(len(_compress(stream, name)) for stream in streams)
    except Exception:  # OpenZL's own, of no common kind
        return 0


OPENZL = column_peer("OpenZL", OpenZL(), "openzl")
