"""Hidden names: each says why its file is no data, and gives back the file's own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from ae_pipeline.hidden_names import (
    is_temporary,
    name_of_rejected,
    name_of_replaced,
    rejected_path,
    replaced_path,
    retiring_path,
    temporary_path,
)

NAMES = ["part-0.parquet", "a.b", "c=de", "a\nb", "part.1", "part.0123abcd"]


@pytest.mark.parametrize("name", NAMES)
def test_names_give_back_their_own(name: str) -> None:
    """A hidden name lies beside the file, says what it is for, and nothing else takes it so."""
    path = Path("folder") / name
    temporary, replaced = temporary_path(path), replaced_path(path)
    for hidden in (temporary, replaced, retiring_path(path)):
        assert hidden.parent == path.parent
        assert hidden.name.startswith(f".{name}.")
        assert is_temporary(hidden.name) == (hidden == temporary)
        assert name_of_replaced(hidden.name) == (name if hidden == replaced else None)
        assert name_of_rejected(hidden.name) is None


def test_names_set_aside_do_not_meet(tmp_path: Path) -> None:
    """Each rejected file of one name gets a name of its own and tells the common one."""
    path = tmp_path / "part-0.parquet"
    for expected in (".part-0.parquet.rejected", ".part-0.parquet.1.rejected"):
        rejected = rejected_path(path)
        rejected.touch()
        assert rejected.name == expected
        assert name_of_rejected(rejected.name) == path.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".part-0.parquet.0123abcd.tmp", True),
        (".a.b.0123abcd.tmp", True),
        ("part-0.parquet.0123abcd.tmp", False),
        (".part-0.parquet.0123ABCD.tmp", False),
        (".part-0.parquet.tmp", False),
        (".0123abcd.tmp", False),
        (".part-0.parquet", False),
    ],
)
def test_temporary_names(name: str, expected: bool) -> None:
    """Only names that publishing gives are taken for those of half files."""
    assert is_temporary(name) == expected
