"""The verb report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.html_pages import check_page
from tests.support.jobs.command_line import Call


def test_a_page_by_hand(
    work: Path, encoded: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page lies beside the caller under the dataset's name, or where --out says."""
    monkeypatch.chdir(tmp_path)
    code, out, err = call("report", encoded, "--source", work / "source", "--color", "ok")
    assert code == 0, err
    assert out.startswith("encoded.html, ")
    assert "Latent map" in check_page((tmp_path / "encoded.html").read_text("utf-8")).text
    code, _, err = call("report", encoded, "--out", "new/page.html")
    assert code == 0, err
    check_page((tmp_path / "new/page.html").read_text("utf-8"))


def test_only_pages_are_written_over(encoded: Path, tmp_path: Path, call: Call) -> None:
    """An earlier page is replaced; any other file stays as it is, and that is an error."""
    page, other = tmp_path / "page.html", tmp_path / "other.html"
    other.write_text("mine", encoding="utf-8")
    assert call("report", encoded, "--out", page)[0] == 0
    code, out, _ = call("report", encoded, "--out", page, "--json")
    assert (code, json.loads(out)) == (
        0,
        {"ok": True, "page": str(page), "bytes": page.stat().st_size},
    )
    code, _, err = call("report", encoded, "--out", other)
    assert code == 1
    assert "no page of report" in err
    assert other.read_text("utf-8") == "mine"


def test_a_source_has_no_page(work: Path, call: Call) -> None:
    """What is not encoded is refused in one line that says what to name."""
    code, _, err = call("report", work / "source")
    assert code == 1
    assert "not an encoded dataset" in err
    assert len(err.strip().splitlines()) == 1
