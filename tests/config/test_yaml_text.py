"""YAML as people write it: scalars of YAML 1.2, anchors, and single settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from ae_pipeline.config.job import (
    JobConfig,
)
from ae_pipeline.config.load import load_job, parse_setting
from ae_pipeline.errors import ConfigError
from tests.support.checks import assert_one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("training.epochs=5", ("training.epochs", 5)),
        ("source=a=b", ("source", "a=b")),
        ("columns.keep=[id, 'x*']", ("columns.keep", ["id", "x*"])),
        ("training.patience=null", ("training.patience", None)),
        ("execution.force=true", ("execution.force", True)),
        ("source=", ("source", None)),
    ],
)
def test_parse_setting(text: str, expected: tuple[str, object]) -> None:
    """`KEY=VALUE` splits at the first `=` and reads the value as YAML."""
    assert parse_setting(text) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("off", "off"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("2013-05-17", "2013-05-17"),
        ("2020-99-99", "2020-99-99"),
        ("0x1F", "0x1F"),
        ("010", 10),
        ("-5", -5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("True", True),
        ("~", None),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    """Words and times of day are text, and numbers are those that people write."""
    assert parse_setting(f"key={text}") == ("key", value)
    assert type(parse_setting(f"key={text}")[1]) is type(value)


def test_words_are_text(tmp_path: Path) -> None:
    """A column `no` and a folder `on` are names; the year 2013 is a date, a number is no name."""
    path = tmp_path / "job.yaml"
    path.write_text("source: on\ncolumns: {keep: [no, 'yes']}\nbackfill: {start: 2013}\n")
    job = load_job(JobConfig, str(path))
    assert (job.source, job.columns.keep, job.backfill.start) == ("on", ("no", "yes"), "2013")
    with pytest.raises(ConfigError, match=r"columns.keep.0.*got 5: write it in quotes"):
        load_job(JobConfig, None, {"columns.keep": [5]})


def test_repeated_anchors_are_shown_in_part() -> None:
    """A wrong value that anchors make huge is told in a line that a person can read."""
    value: object = "x"
    for _ in range(30):
        value = [value] * 10
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, None, {"source": value})
    assert len(str(caught.value)) < 1000


def test_scientific_notation_is_a_number() -> None:
    """`1e-3` is a number, which it is not in YAML 1.1."""
    job = load_job(JobConfig, None, dict([parse_setting("training.learning_rate=1e-3")]))
    assert job.training.learning_rate == 1e-3


@pytest.mark.parametrize("text", ["epochs", "=5", "", "a=[", "a={b: 1, b: 2}", "a=!!int x"])
def test_parse_setting_refuses(text: str) -> None:
    """What is no `KEY=VALUE`, or holds no YAML, is refused in one line."""
    with pytest.raises(ConfigError) as caught:
        parse_setting(text)
    assert_one_line(caught.value)
