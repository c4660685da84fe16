"""Settings: what is accepted, what is refused in one line, how files and overrides combine."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # values of a settings tree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from ae_pipeline.config.job import (
    BackfillJob,
    CompressJob,
    DecodeJob,
    EncodeJob,
    ExecutionConfig,
    FitJob,
    JobConfig,
    MainJob,
    VerifyJob,
)
from ae_pipeline.config.load import load_job, parse_setting
from ae_pipeline.config.network import NetworkConfig
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.errors import ConfigError
from ae_pipeline.verbs import backfill, compress, decode, encode, verify
from tests.support.checks import assert_one_line
from tests.support.data.datasets import mixed_tree

JOBS = (JobConfig, FitJob, EncodeJob, DecodeJob, MainJob)
PATHS = {"source": "in", "codec": "codec", "features": "out", "decoded": "back"}
ratio = st.floats(0, 1, exclude_min=True, exclude_max=True)
positive = st.floats(0, exclude_min=True, allow_infinity=False)
words = st.lists(st.text(max_size=5), max_size=3)
settings_trees = st.fixed_dictionaries(
    {},
    optional={
        "source": st.none() | st.text(min_size=1),
        "latent_column": st.text(min_size=1),
        "columns": st.fixed_dictionaries({"keep": words, "feature": words}),
        "statistics": st.fixed_dictionaries({"max_rows": st.none() | st.integers(1)}),
        "network": st.fixed_dictionaries(
            {
                "design": st.sampled_from(["residual", "plain"]),
                "latent_dim": st.none() | st.integers(1, 999),
                "encoder_hidden": st.lists(st.integers(1, 512), max_size=3),
                "decoder_hidden": st.none() | st.lists(st.integers(1, 512), max_size=3),
                "clip_sigma": positive,
            }
        ),
        "training": st.fixed_dictionaries(
            {
                "learning_rate": positive,
                "loss_threshold": st.none() | positive,
                "validation_fraction": ratio,
                "seed": st.integers(0, 1 << 80),
            }
        ),
        "execution": st.fixed_dictionaries(
            {"workers": st.integers(1, 256), "force": st.booleans()}
        ),
    },
)


def write_yaml(folder: Path, tree: object) -> str:
    """A settings file."""
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    return str(path)


def all_models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and the models of its fields."""
    yield model
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from all_models(field.annotation)


@given(settings_trees)
def test_round_trips_through_json_and_yaml(tree: dict[str, Any]) -> None:
    """What is written as JSON or YAML reads back as the same settings."""
    job = JobConfig.model_validate(tree)
    assert JobConfig.model_validate_json(job.model_dump_json()) == job
    text = yaml.safe_dump(job.model_dump(mode="json"))
    assert JobConfig.model_validate(yaml.safe_load(text)) == job


@pytest.mark.parametrize("model", sorted(set(all_models(JobConfig)), key=lambda m: m.__name__))
def test_frozen(model: type[BaseModel]) -> None:
    """No setting changes after it was checked."""
    settings = model()
    name = next(iter(model.model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, name, getattr(settings, name))


@pytest.mark.parametrize("job", JOBS)
def test_every_field_is_described(job: type[JobConfig]) -> None:
    """The form in Prefect's UI explains every field, a section by its docstring."""
    for model in all_models(job):
        for name, field in model.model_fields.items():
            is_section = isinstance(field.annotation, type) and issubclass(
                field.annotation, BaseModel
            )
            text = field.annotation.__doc__ if is_section else field.description
            assert text, f"{model.__name__}.{name}"


@pytest.mark.parametrize("job", JOBS)
def test_schema_is_json(job: type[JobConfig]) -> None:
    """Prefect can make a form of every job, and the form marks what is required."""
    schema = json.loads(json.dumps(job.model_json_schema()))
    required = {name for name, field in job.model_fields.items() if field.is_required()}
    assert set(schema.get("required", [])) == required


def test_required_settings_of_each_verb() -> None:
    """Each verb requires the paths that it cannot do without, and nothing else."""
    required = {
        job: {name for name, field in job.model_fields.items() if field.is_required()}
        for job in JOBS
    }
    assert required == {
        JobConfig: set(),
        FitJob: {"source", "codec"},
        EncodeJob: {"source"},
        DecodeJob: {"decoded"},
        MainJob: {"source", "codec", "features", "decoded"},
    }


def test_paths_are_expanded() -> None:
    """A `~` in a path is the home folder, and an empty path is refused."""
    assert JobConfig(codec="~/codec").codec == str(Path.home() / "codec")
    with pytest.raises(ConfigError, match="a path cannot be empty"):
        load_job(JobConfig, None, {"codec": ""})


@pytest.mark.parametrize("job", [EncodeJob, DecodeJob])
@pytest.mark.parametrize("both", [{}, {"features": "f", "archive": "a"}])
def test_one_encoded_dataset_is_named(job: type[JobConfig], both: dict[str, str]) -> None:
    """Encode and decode want features or an archive: neither and both are refused in one line."""
    with pytest.raises(ConfigError, match=r"^(no dataset is|.* are both) named: .* required"):
        load_job(job, None, {"source": "s", "decoded": "d", **both})


def test_one_file_serves_every_verb(tmp_path: Path) -> None:
    """One YAML file is the job of fit, encode, decode and the main job."""
    tree = {**PATHS, "training": {"epochs": 3}, "columns": {"keep": ["id*"]}}
    path = write_yaml(tmp_path, tree)
    jobs = [load_job(kind, path) for kind in JOBS]
    assert all(job.model_dump() == jobs[0].model_dump() for job in jobs)
    assert jobs[0].training.epochs == 3
    assert jobs[0].columns.keep == ("id*",)


@pytest.mark.parametrize(
    ("key", "close"),
    [
        ("sources", "source"),
        ("training.epoch", "epochs"),
        ("network.latent_dims", "latent_dim"),
        ("trainings.epochs", "training"),
    ],
)
def test_unknown_key_names_the_close_one(key: str, close: str) -> None:
    """A misspelt key is refused with the key that was probably meant."""
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, None, {key: 1})
    assert_one_line(
        caught.value, "unknown setting", key.split(".", maxsplit=1)[0], f"did you mean '{close}'?"
    )


def test_unknown_key_without_a_close_one() -> None:
    """A key that resembles nothing is refused without a guess."""
    with pytest.raises(ConfigError, match=r"unknown setting 'zzz'.*: remove it"):
        load_job(JobConfig, None, {"zzz": 1})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("training.epochs", -1),
        ("training.learning_rate", 0),
        ("training.learning_rate", float("nan")),
        ("training.learning_rate", float("inf")),
        ("training.loss", "hinge"),
        ("training.validation_fraction", 1.0),
        ("training.patience", 0),
        ("training.seed", -1),
        ("network.latent_dim", 0),
        ("network.clip_sigma", -1.0),
        ("network.clip_sigma", float("inf")),
        ("network.encoder_hidden", [64, 0]),
        ("network.decoder_hidden", [-3]),
        ("network.encoder_hidden", "64"),
        ("statistics.max_rows", 0),
        ("execution.workers", 0),
        ("execution.workers", 1.5),
        ("latent_column", ""),
        ("source", 2013),
        ("training", 5),
    ],
)
def test_impossible_value(key: str, value: object) -> None:
    """A value out of range or of another type is refused, its key and itself named."""
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, None, {key: value})
    assert_one_line(caught.value, key, "the command line", "expected")
    assert caught.value.got in repr(value)  # of a list, its bad element


@pytest.mark.parametrize("model", [TrainingConfig, NetworkConfig, ExecutionConfig])
def test_defaults_are_valid(model: type[BaseModel]) -> None:
    """Every default passes its own check."""
    defaults = model()
    assert model.model_validate(defaults.model_dump()) == defaults


def test_missing_required_setting_is_named() -> None:
    """What a verb cannot do without is asked for by name; the others are counted."""
    with pytest.raises(ConfigError, match=r"^setting 'source' is required \(and 1 more\)"):
        load_job(FitJob, None)


def test_overrides_win_over_the_file(tmp_path: Path) -> None:
    """Dotted overrides replace single values of the file and leave their neighbours."""
    path = write_yaml(tmp_path, {"training": {"epochs": 3, "seed": 7}, "source": "x"})
    job = load_job(JobConfig, path, {"training.epochs": 5, "network.latent_dim": 2, "source": "y"})
    assert (job.training.epochs, job.training.seed) == (5, 7)
    assert (job.network.latent_dim, job.source) == (2, "y")


def test_empty_file_means_defaults(tmp_path: Path) -> None:
    """An empty file, or none, gives the defaults."""
    path = tmp_path / "job.yaml"
    path.write_text("# nothing yet\n", encoding="utf-8")
    assert load_job(JobConfig, str(path)) == load_job(JobConfig, None) == JobConfig()


@pytest.mark.parametrize(
    "content",
    [
        b"a: [",
        b"- 1\n- 2",
        b"\xff\xfe\x00",
        b"a: \x1b",
        b"just words",
        b"? [a]\n: b",
        b"a: &a [*a]",
    ],
)
def test_unreadable_file(tmp_path: Path, content: bytes) -> None:
    """A file that is no mapping of settings is refused in one line that names it."""
    path = tmp_path / "job.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, str(path))
    assert_one_line(caught.value, str(path))


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_no_file(tmp_path: Path, name: str) -> None:
    """A config file that is not there, or is a folder, is refused and named."""
    path = tmp_path / name
    with pytest.raises(ConfigError, match=f"cannot read the config file: {re.escape(str(path))}"):
        load_job(JobConfig, str(path))


@pytest.mark.parametrize("text", ["true", "false", "yes", "1:30", "[true]"])
@pytest.mark.parametrize(
    "key", ["execution.workers", "tolerance.relative", "backfill.limit", "training.learning_rate"]
)
def test_only_numbers_are_numbers(key: str, text: str) -> None:
    """Booleans, words and times of day are no numbers, neither in a file nor in `--set`."""
    with pytest.raises(ConfigError, match=key):
        load_job(JobConfig, None, dict([parse_setting(f"{key}={text}")]))


@pytest.mark.parametrize("key", ["network.encoder_hidden", "selection.row_groups"])
def test_booleans_in_lists_are_no_numbers(key: str) -> None:
    """Neither are they in a list of numbers."""
    with pytest.raises(ConfigError, match="expected a number"):
        load_job(JobConfig, None, {key: [1, True]})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("source: a\nsource: b\n", "source is repeated, first in line 1, line 2, column 1"),
        ("training:\n  epochs: 1\n  epochs: 2\n", "epochs is repeated, first in line 2, line 3"),
        ("training: {epochs: 1, 'epochs': 2}", "epochs is repeated"),
        ("training:\n\tepochs: 1\n", "a tab, where YAML wants spaces, line 2, column 1"),
        ("training:\n  epochs: 1\n seed: 2\n", "does not match the lines above, line 3, column 2"),
        ("a: b: c", "line 1, column 5"),
        ("source: 'a", "line 1"),
        ("[" * 3000, "nested too deeply"),
        ("training: &a {epochs: *a}", "recursive"),
    ],
)
def test_faults_of_yaml_have_their_line(tmp_path: Path, content: str, told: str) -> None:
    """A key given twice, a tab, a wrong indentation: one line says what is wrong and where."""
    path = tmp_path / "job.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, str(path))
    assert_one_line(caught.value, told, str(path))


def test_anchors(tmp_path: Path) -> None:
    """Anchors and merges work, and a merged key may be given again."""
    text = "network: {encoder_hidden: &w [8], decoder_hidden: *w}\nplanner: &p {budget_s: 1}\n"
    path = tmp_path / "job.yaml"
    path.write_text(
        f"\ufeff{text}statistics: {{<<: {{max_rows: 9}}, max_rows: 5}}", encoding="utf-8"
    )
    job = load_job(JobConfig, str(path))
    assert job.network.widths() == ((8,), (8,))
    assert job.statistics.max_rows == 5


@pytest.mark.parametrize("source", ["gs://b/s", "az://c/s", "abfss://c@a.dfs.core.windows.net/s"])
def test_deletion_where_nobody_can_ask_for_versions(source: str) -> None:
    """Of stores that do not tell what they keep, sources are deleted if the job accepts that."""
    wanted = {"source": source, "archive": "/a", "retention.delete_source": "after_verify"}
    with pytest.raises(ConfigError) as caught:
        load_job(JobConfig, None, wanted)
    assert_one_line(caught.value, "keeps versions", source, "retention.unversioned: accept")
    job = load_job(JobConfig, None, {**wanted, "retention.unversioned": "accept"})
    assert job.retention.unversioned == "accept"


@pytest.mark.parametrize("places", [("s3://b/s", "az://c/a"), ("/s", "gs://b/a")])
def test_deletion_where_the_bucket_is_asked(places: tuple[str, str]) -> None:
    """Sources on S3 and on this machine may be deleted, wherever the archive lies."""
    source, archive = places
    retention = {"delete_source": "after_verify"}
    job = JobConfig(source=source, archive=archive, retention=retention)
    assert job.retention.unversioned == "refuse"


#: Modules that look at places and deletions of every job, whatever its verb.
INDIFFERENT = (
    "ae_pipeline.config.job",
    "ae_pipeline.lake.visit",
    "ae_pipeline.store.job_visit",
)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> dict[type[JobConfig], set[str]]:
    """Settings that code has looked at since, by kind of job."""
    found: dict[type[JobConfig], set[str]] = {}

    def look(job: JobConfig, name: str) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__"))
        if name in JobConfig.model_fields and caller.startswith("ae_pipeline"):
            used = found.setdefault(type(job), set())
            used |= {name} - ({name} if caller in INDIFFERENT else set())
        return object.__getattribute__(job, name)

    monkeypatch.setattr(JobConfig, "__getattribute__", look)
    return found


def test_forms_show_all_that_is_used(
    tmp_path: Path, looked_at: dict[type[JobConfig], set[str]]
) -> None:
    """No verb looks at a setting that its form hides."""
    source, archive = str(mixed_tree(tmp_path / "source")), str(tmp_path / "archive")
    quick = {"planner": {"learn": "never", "budget_s": 1}}
    places = {"source": source, "archive": archive}
    encode(EncodeJob(source=source, archive=str(tmp_path / "other"), **quick))
    compress(CompressJob(**places, **quick))
    backfill(BackfillJob(**places, **quick))
    decode(DecodeJob(**places, decoded=str(tmp_path / "decoded")))
    verify(VerifyJob(**places))
    assert set(looked_at) >= {EncodeJob, CompressJob, BackfillJob, DecodeJob, VerifyJob}
    for kind, used in looked_at.items():
        assert used <= set(kind.model_json_schema()["properties"]), kind
