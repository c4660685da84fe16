"""Runs: a night with one fault, mended, and the night after it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.support.faults.children import in_child
from tests.support.faults.retirement.nights import check, coarse, is_in_source, night, prepare
from tests.support.faults.retirement.place import NAMES, Place
from tests.support.faults.retirement.steps import strike_at
from tests.support.faults.retirement.strikes import FAULTS, mend

#: Of nights that find the archive as it should be, and of first nights, about.
_N_STEPS = {False: 116, True: 228}


@dataclass(frozen=True)
class Outcome:
    """How one run ended; `bad` is empty if nothing was lost."""

    fault: str
    step: str
    ended: str
    n_kept: int
    bad: str


def run_once(root: Path, template: Path, fault: str, random: Random) -> Outcome:
    """One night with one fault, mended, and the night after it."""
    shutil.copytree(template, root, symlinks=True, dirs_exist_ok=True)
    is_first = random.random() < 0.5
    point = random.randrange(1, _N_STEPS[is_first])
    if is_first:
        shutil.rmtree(root / "archive")  # it encodes
    place, log = Place(root, random), root / "step"
    other = _start_other(place, random) if fault == "two_runs" else None

    def struck() -> None:
        _silence(root)
        strike_at(point, lambda call: FAULTS[fault](place, call), log)
        night(place)

    code = in_child(struck)
    _end(other)
    mend(place)
    n_kept = sum(is_in_source(place, name) for name in NAMES)
    bad = "lost at once" if in_child(lambda: _quiet(root, check, place)) else ""
    delete = random.choice(("never", "after_verify"))
    in_child(lambda: _quiet(root, night, place, delete))
    if not bad and in_child(lambda: _quiet(root, check, place)):
        bad = "lost by the next night"
    hidden = list(place.source.rglob(".*.retiring"))
    if not bad and hidden and delete == "after_verify":
        bad = "a source is hidden for ever"
    ended = {0: "rc 0", -signal.SIGKILL: "killed"}.get(code, "told")
    return Outcome(fault, log.read_text() if log.exists() else "none", ended, n_kept, bad)


def _silence(root: Path) -> None:
    """Send standard output and error to a file."""
    descriptor = os.open(root / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)


def _quiet(root: Path, run: Callable[..., None], *args: Any) -> None:
    _silence(root)
    run(*args)


def _start_other(place: Place, random: Random) -> int:
    """A second run, which stops at a step of its own until it is told to go on."""
    reading, writing = os.pipe()
    point, log = random.randrange(1, 60), place.root / "other-step"
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            _silence(place.root)
            strike_at(point, lambda _: os.kill(os.getpid(), signal.SIGSTOP), log)
            coarse(place)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    os.waitpid(child, os.WUNTRACED)
    place.other = (child, reading)
    return child


def _end(child: int | None) -> None:
    if child is not None:
        try:
            os.kill(child, signal.SIGCONT)
            os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            return


def run_all(folder: Path, n_runs: int, seed: int, faults: tuple[str, ...]) -> list[Outcome]:
    """Run the faults in turn, each at a step that is drawn."""
    template = folder / "template"
    assert in_child(lambda: _prepared(template)) == 0
    outcomes = []
    for number in range(n_runs):
        random = Random(f"{seed} {number}")  # noqa: S311  no secrets
        root, fault = folder / f"run-{number}", faults[number % len(faults)]
        root.mkdir()
        is_mounted = fault == "disk_full" and _mount(root)
        if fault == "disk_full" and not is_mounted:
            continue
        try:
            outcomes.append(run_once(root, template, fault, random))
        finally:
            if is_mounted:
                subprocess.run(["umount", str(root)], check=True)
        if outcomes[-1].bad:
            print(f"run {number}: {outcomes[-1]}: {root}", flush=True)
        else:
            shutil.rmtree(root)
    return outcomes


def _prepared(template: Path) -> None:
    template.mkdir(parents=True)
    _silence(template)
    prepare(template)


def _mount(root: Path) -> bool:
    """A disk of its own; whether that is permitted here."""
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(root)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
