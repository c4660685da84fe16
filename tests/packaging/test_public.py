"""The public surface: what `import ae_pipeline` offers, and what it loads."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

import ae_pipeline as ae
from ae_pipeline.cli.app import app
from ae_pipeline.config.job import JobConfig, MainJob
from ae_pipeline.results.result import Result
from tests.support.golden.reading import GOLDEN

VERBS = (
    "backfill",
    "compare",
    "compress",
    "decode",
    "encode",
    "estimate",
    "features",
    "fit",
    "gc",
    "inspect",
)
VERBS += ("verify",)
#: Verbs of the command line alone: rows are read by what `open` returns, pages made by `pages`.
OF_THE_SHELL = {"cat", "head", "init", "report", "run"}


def test_all_is_sorted_and_there() -> None:
    """Every name of `__all__` is there, and the names are sorted."""
    assert ae.__all__ == sorted(ae.__all__)
    assert set(ae.__all__) <= set(dir(ae))
    assert all(getattr(ae, name) is not None for name in ae.__all__)


def test_every_verb_is_public() -> None:
    """The verbs of the command line are functions of the library."""
    names = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}
    assert names == {*VERBS, *OF_THE_SHELL, "query"}
    assert {name for name in ae.__all__ if inspect.isfunction(getattr(ae, name))} == {
        *VERBS,
        "decompress",
        "load_codec",
        "load_job",
        "open",
        "query",
    }


def test_jobs_and_results_are_public() -> None:
    """Whatever a verb takes and returns has a public name."""
    for name in VERBS:
        signature = inspect.signature(getattr(ae, name), eval_str=True)
        first = next(iter(signature.parameters.values())).annotation
        taken = get_args(first) or (first,)
        given = get_args(signature.return_annotation) or (signature.return_annotation,)
        ours = [one for one in (*taken, *given) if issubclass(one, (JobConfig, Result))]
        assert ours
        assert all(getattr(ae, one.__name__) is one for one in ours)
    assert issubclass(MainJob, ae.JobConfig)


def test_type_checkers_see_what_is_imported() -> None:
    """The imports that type checkers read are those that happen, name by name."""
    tree = ast.parse(Path(ae.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        name.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert sorted(seen) == ae.__all__
    for name, module in seen.items():
        assert getattr(import_module(str(module)), name) is getattr(ae, name)


def test_unknown_names_are_refused() -> None:
    """A name that is not public is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match=r"^module 'ae_pipeline' has no attribute 'encoder'$"):
        _ = ae.encoder


def test_import_loads_nothing() -> None:
    """Importing the package loads no package but the standard library's."""
    code = (
        "import sys; before = set(sys.modules); import ae_pipeline\n"
        "tops = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(tops - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['ae_pipeline']\n"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("archive-3.0/network", "ArchiveCodec"), ("features-3.0/bends", "FeaturesCodec")],
)
def test_load_codec_takes_either_kind(name: str, kind: str) -> None:
    """`load_codec` reads an archive's codec as well as that of features."""
    (directory,) = (GOLDEN / name / "dataset/_ae/codecs").iterdir()
    codec = ae.load_codec(directory)
    assert type(codec) is getattr(ae, kind)
    assert codec.id == directory.name


def test_features_writes_features_alone(tmp_path: Path) -> None:
    """`features` refuses a job that writes an archive, and writes nothing."""
    job = ae.EncodeJob(source=str(tmp_path), archive=str(tmp_path / "archive"))
    with pytest.raises(ae.AePipelineError, match="names no features dataset"):
        ae.features(job)
    assert list(tmp_path.iterdir()) == []
