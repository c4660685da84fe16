"""The command itself: its version, its help, completion in shells, and how it is started."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from ae_pipeline import __version__
from ae_pipeline.cli.app import app
from tests.support.jobs.command_line import COMMAND, Call

VERBS = [one.name or one.callback.__name__ for one in app.registered_commands]
COMPLETE = "_AE_PIPELINE_COMPLETE"


def printed(*arguments: object, **environment: str) -> str:
    """What a process prints that finds the installed command."""
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        list(map(str, arguments)),
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(option: str, call: Call) -> None:
    """The command says which version it is, in one line."""
    assert call(option) == (0, f"ae-pipeline {__version__}\n", "")


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_short_help(verb: str, call: Call) -> None:
    """`-h` shows what `--help` shows, for the command and for each verb."""
    arguments = [verb] if verb else []
    code, out, _ = call(*arguments, "-h")
    assert (code, out) == call(*arguments, "--help")[:2]
    assert "Usage: ae-pipeline" in out
    assert code == 0


@pytest.mark.parametrize("module", ["ae_pipeline", "ae_pipeline.cli"])
def test_as_module(module: str) -> None:
    """`python -m` starts the same command, under the same name."""
    assert printed(sys.executable, "-m", module, "--version") == f"ae-pipeline {__version__}\n"
    assert "Usage: ae-pipeline" in printed(sys.executable, "-m", module, "verify", "-h")


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("bash", "complete -o default -F _ae_pipeline_completion ae-pipeline"),
        ("zsh", "compdef _ae_pipeline_completion ae-pipeline"),
        ("fish", "complete --command ae-pipeline"),
    ],
)
def test_completion_scripts(shell: str, line: str) -> None:
    """Each shell gets a script that tells it how to complete the command."""
    assert line in printed(COMMAND, **{COMPLETE: f"source_{shell}"})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ae-pipeline enc", "encode"),
        ("ae-pipeline encode --tol", "--tolerance"),
        ("ae-pipeline run comp", "compress"),
    ],
)
def test_completion_in_bash(words: str, expected: str) -> None:
    """Bash completes verbs, options and values, by the script that the command prints."""
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    script = (
        f'eval "$({COMPLETE}=source_bash ae-pipeline)"\n'
        f"COMP_WORDS=({words}); COMP_CWORD={len(words.split()) - 1}\n"
        '_ae_pipeline_completion ae-pipeline; echo "${COMPREPLY[*]}"'
    )
    assert printed("bash", "--norc", "-c", script).strip() == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ae-pipeline enc", "encode"),
        ("ae-pipeline encode --tol", "--tolerance"),
        ("ae-pipeline run comp", "compress"),
    ],
)
def test_completion_in_fish(words: str, expected: str) -> None:
    """Fish completes verbs, options and values, by the script that the command prints."""
    if shutil.which("fish") is None:
        pytest.skip("there is no fish here")
    script = f"env {COMPLETE}=source_fish ae-pipeline | source; complete -C '{words}'"
    assert printed("fish", "--no-config", "-c", script).split("\t")[0].strip() == expected


#: Types words and a tab into an interactive zsh, and prints what it makes of them.
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -Uz compinit && compinit -u -D; PS1='
zpty -w shell 'eval "$(COMPLETE=source_zsh ae-pipeline)"; print -r READY'
zpty -r shell out '*READY*READY*'
zpty -n -w shell $'WORDS\t'
zpty -r shell out '*EXPECTED*'
print -r -- "$out"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ae-pipeline enc", "encode"),
        ("ae-pipeline encode --tol", "--tolerance"),
        ("ae-pipeline run comp", "compress"),
    ],
)
def test_completion_in_zsh(words: str, expected: str) -> None:
    """Zsh completes verbs, options and values, by the script that the command prints."""
    if shutil.which("zsh") is None:
        pytest.skip("there is no zsh here")
    given = {"COMPLETE": COMPLETE, "WORDS": words, "EXPECTED": expected}
    script = re.sub("|".join(given), lambda found: given[found[0]], ZSH)
    assert expected in printed("zsh", "-f", "-c", script)


@pytest.mark.parametrize(
    ("shell", "variables"), [("zsh", {}), ("fish", {"_TYPER_COMPLETE_FISH_ACTION": "get-args"})]
)
def test_completion_for_other_shells(shell: str, variables: dict[str, str]) -> None:
    """What the scripts of the other shells call answers with the verb and its purpose."""
    asked = {COMPLETE: f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "ae-pipeline enc", **variables}
    out = printed(COMMAND, **asked)
    assert "encode" in out
    assert "Write SOURCE as an archive" in out


def test_errors_for_programs(call: Call) -> None:
    """With --json an error is an object of parts on stdout, and still exit code 1."""
    code, out, err = call("inspect", "nowhere", "--json")
    assert code == 1
    assert json.loads(out) == {
        "ok": False,
        "error": {
            "kind": "SourceNotFoundError",
            "what": "no such file or folder",
            "where": "nowhere",
            "expected": "a Parquet file or a folder of them",
            "got": "",
            "remedy": "check the path",
        },
    }
    assert err.startswith("error: ")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("encode",), "Missing arguments 'SOURCE', 'ARCHIVE'."),
        (("frobnicate",), "No such command 'frobnicate'."),
        (("encode", "a", "b", "--tolerance", "x"), "Invalid value for '--tolerance'"),
        (("verify", "a", "--colour"), "No such option: --colour"),
    ],
)
def test_wrong_usage_for_programs(arguments: tuple[str, ...], what: str, call: Call) -> None:
    """With --json wrong usage is such an object too, with exit code 2."""
    code, out, _ = call(*arguments, "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["error"]["kind"]) == (2, False, "UsageError")
    assert told["error"]["what"].startswith(what)
    assert "ae-pipeline" in told["error"]["remedy"]
