"""The last step of runs that write: a page in the private folder, and its key facts in Prefect."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from xml.etree import ElementTree as Tree

import pytest
from prefect.client.schemas.objects import Artifact

from ae_pipeline import extras
from ae_pipeline.config.job import CompressJob, DecodeJob, EncodeJob, VerifyJob
from ae_pipeline.storage import page_file
from ae_pipeline.verbs import inspect
from flows.compress import compress
from flows.decode import decode
from flows.encode import encode
from flows.pages.artifacts import artifact_key
from flows.runtime.last_page import address_of
from flows.verify import verify
from tests.support.flows.artifacts import artifacts_by_key
from tests.support.html_pages import check_page

pytestmark = pytest.mark.flow

QUICK = {"planner": {"learn": "never", "budget_s": 1}, "execution": {"retries": 0}}
PICTURE = re.compile(r"!\[[^]]+\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)")


def artifacts_of(dataset: str | Path) -> dict[str, Artifact]:
    """The latest artifacts of a dataset, by what stands before its name in their keys."""
    suffix = artifact_key("", str(dataset))
    found = artifacts_by_key().items()
    return {key.removesuffix(suffix): one for key, one in found if key.endswith(suffix)}


@pytest.fixture(scope="module")
def night(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of one night."""
    archive = tmp_path_factory.mktemp("night") / "archive"
    job = CompressJob(source=str(source), archive=str(archive), **QUICK)
    assert compress(job, return_state=True).is_completed()
    return archive


def test_a_night_ends_with_a_page(night: Path) -> None:
    """The page lies in the private folder, has the errors that were measured, and loads nothing."""
    found = check_page(page_file(night).read_text(encoding="utf-8"))
    assert "Every value is within its promise" in found.text
    assert "Errors by partition" in found.text
    assert "Original and decoded" in found.text
    assert not [path.name for path in page_file(night).parent.iterdir() if "tmp" in path.name]


def test_key_facts_are_an_artifact(night: Path, source: Path) -> None:
    """Facts, the verdict and a picture that is a file of its own stand in a described artifact."""
    artifact = artifacts_of(source)["compress-page"]
    text = str(artifact.data)
    assert artifact.type == "markdown"
    assert "page.html" in str(artifact.description)
    assert "| source files |" in text
    assert "Every value is within its promise" in text
    found = PICTURE.search(text)
    assert found
    root = Tree.fromstring(base64.b64decode(found[1]))  # noqa: S314  ours
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert b"var(" not in base64.b64decode(found[1])


def test_every_artifact_is_described(night: Path, source: Path) -> None:
    """No artifact of a run is without a description, and no number has 17 digits."""
    for kind, artifact in artifacts_of(source).items():
        assert artifact.description, kind
        text = PICTURE.sub("", str(artifact.data))
        assert not re.search(r"\d\.\d{8}", text), kind


def test_pages_are_not_counted(night: Path) -> None:
    """A page changes nothing of how small its archive is."""
    before = inspect(str(night)).bytes
    content = page_file(night).read_bytes()
    page_file(night).write_bytes(content * 2)
    assert inspect(str(night)).bytes == before
    page_file(night).write_bytes(content)


def test_other_runs_end_with_a_page(night: Path, source: Path, tmp_path: Path) -> None:
    """Encode leaves a page without errors, decode beside its tables, verify that of its archive."""
    archive, out = str(tmp_path / "archive"), str(tmp_path / "out")
    job = EncodeJob(source=str(source), archive=archive, **QUICK)
    assert encode(job, return_state=True).is_completed()
    first = check_page(page_file(Path(archive)).read_text(encoding="utf-8"))
    assert "Errors by partition" not in first.text
    assert "Original and decoded" in first.text
    job = DecodeJob(source=str(source), archive=archive, decoded=out, **QUICK)
    assert decode(job, return_state=True).is_completed()
    assert "Errors by partition" in page_file(Path(out)).read_text(encoding="utf-8")
    job = VerifyJob(source=str(source), archive=archive, **QUICK)
    assert verify(job, return_state=True).is_completed()
    second = check_page(page_file(Path(archive)).read_text(encoding="utf-8"))
    assert "Errors by partition" in second.text
    assert {"encode-page", "decode-page", "verify-page"} <= set(artifacts_of(source))


def test_without_matplotlib(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where what draws is not installed, a run says so in one line and completes without a page."""
    installed = extras.find_spec
    monkeypatch.setattr(extras, "find_spec", lambda n: None if n == "matplotlib" else installed(n))
    job = EncodeJob(source=str(source), archive=str(tmp_path / "archive"), **QUICK)
    assert encode(job, return_state=True).is_completed()
    assert not page_file(tmp_path / "archive").exists()
    (line,) = (text for text in caplog.messages if text.startswith("no page of "))
    assert 'pip install "ae-pipeline[report]"' in line


def test_a_page_that_fails_fails_nothing(
    source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the page cannot be written, the run completes and its log says why."""
    archive = tmp_path / "archive"
    page_file(archive).mkdir(parents=True)
    job = EncodeJob(source=str(source), archive=str(archive), **QUICK)
    assert encode(job, return_state=True).is_completed()
    (line,) = (text for text in caplog.messages if text.startswith("no page of "))
    assert "whose data is whole" in line
    assert "cannot write" in line
    assert len(list(archive.rglob("*.parquet"))) == 3


def test_a_page_can_be_left_out(source: Path, tmp_path: Path) -> None:
    """`execution.page: false` leaves no page."""
    archive = tmp_path / "archive"
    settings = {**QUICK, "execution": {"page": False, "retries": 0}}
    job = EncodeJob(source=str(source), archive=str(archive), **settings)
    assert encode(job, return_state=True).is_completed()
    assert not page_file(archive).exists()


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("/data/archive/_ae/report/page.html", None),
        (
            "gs://lake/a b/_ae/page.html",
            "https://storage.cloud.google.com/lake/a%20b/_ae/page.html",
        ),
        (
            "s3://lake/a/page.html",
            "https://console.aws.amazon.com/s3/object/lake?prefix=a/page.html",
        ),
        ("az://lake/a/page.html", None),
    ],
)
def test_addresses(place: str, expected: str | None) -> None:
    """Objects of clouds with a console have an address for browsers; files and others have none."""
    job = VerifyJob(archive="a")
    assert address_of(place, job) == expected
    own = VerifyJob(archive="a", stores={"s3://lake": {"endpoint": "http://127.0.0.1:9000"}})
    assert address_of(place, own) is None
