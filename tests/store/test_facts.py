"""Facts about versions of objects: kept across runs, and forgotten with their version."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_pipeline.store.facts import Facts

TEXTS = st.text(max_size=20)


@given(st.dictionaries(TEXTS, st.tuples(TEXTS.filter(bool), TEXTS)))
def test_facts_survive_their_file(known: dict[str, tuple[str, str]]) -> None:
    """What is saved is loaded, for the objects that were asked for."""
    facts, loaded = Facts(), Facts()
    for uri, (etag, fact) in known.items():
        facts.remember(uri, etag, "footer", fact)
    loaded.load(facts.save(known))
    for uri, (etag, fact) in known.items():
        assert loaded.recall(uri, etag, "footer") == fact
        assert loaded.recall(uri, etag + "x", "footer") is None
        assert loaded.recall(uri, etag, "fingerprint") is None
    assert not loaded.fresh


@pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 100])
def test_damaged_files_hold_no_facts(content: bytes) -> None:
    """An index is a convenience: damage costs requests, not an error."""
    facts = Facts()
    facts.load(content)
    assert facts.known == {}


@pytest.mark.parametrize(
    "strange", [{"uri": [None]}, {"uri": [1]}, {"fact": [None]}, {"etag": [b"1"]}]
)
def test_strange_files_hold_no_facts(strange: dict[str, list[object]]) -> None:
    """Columns of other types, and nulls in them, are damage as well."""
    row = {"uri": ["s3://b/x"], "etag": ["1"], "kind": ["footer"], "fact": ["f"]}
    facts, sink = Facts(), pa.BufferOutputStream()
    pq.write_table(pa.table({**row, **strange}), sink)
    facts.load(sink.getvalue().to_pybytes())
    assert facts.known == {}


def test_nothing_is_kept_without_a_version() -> None:
    """Where a store names no versions, and of long facts, nothing is remembered."""
    facts = Facts()
    facts.remember("s3://b/x", None, "footer", "fact")
    facts.remember("s3://b/x", "1", "footer", "f" * 5000)
    assert facts.recall("s3://b/x", "1", "footer") is None
    assert not facts.fresh
