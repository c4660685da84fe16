"""`python -m tests.support.retirement_faults --runs 500 --seed 0`: faults in nights that delete.

A night runs in a process of its own. At one of its steps (before and after each change of the file
system, and each hash) a fault strikes. Then what was struck is mended, and another night runs.
After each of both, every row of the source has to lie in the source still, or to come out of the
archive within the promise of the night. Children are forked before anything is read or written,
so that no thread of Arrow's is lost in them.
"""

from __future__ import annotations

import argparse
import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.crash_points import in_child

TOLERANCE, COARSE = 0.001, 0.5
NAMES = tuple(f"day={day}/part-0.parquet" for day in (1, 2, 3))
#: Of nights that find the archive as it should be, and of first nights, about.
_N_STEPS = {False: 116, True: 228}
_CALLS = ("fsync", "link", "mkdir", "rename", "replace", "rmdir", "unlink")


@dataclass
class Place:
    """Where a run happens.

    Args:
        root: holds source, archive, and the codecs.
        random: what is struck, and how.
        other: process of a second run that waits to go on, and the pipe that ends with it.
    """

    root: Path
    random: Random
    other: tuple[int, int] | None = None
    struck: list[str] = field(default_factory=list)

    @property
    def source(self) -> Path:
        """Root of the source."""
        return self.root / "source"

    @property
    def archive(self) -> Path:
        """Root of the archive."""
        return self.root / "archive"

    def victims(self, call: str) -> list[Path]:
        """Source files, by the name that they have now, whose deletion can still be stopped."""
        found = []
        for name in NAMES:
            path = self.source / name
            hidden = path.with_name(f".{path.name}.retiring")
            if path.exists():
                found.append(path)
            elif hidden.exists() and not (call.startswith("unlink") and hidden.name in call):
                found.append(hidden)
        return found

    def archived(self, path: Path) -> Path:
        """The archive file of a source file."""
        name = path.name.removeprefix(".").removesuffix(".retiring")
        return self.archive / path.parent.name / name


def table(seed: int) -> pa.Table:
    """Rows of two columns, so many that the fingerprint samples them."""
    generator = np.random.default_rng(seed)
    return pa.table({"key": np.arange(30_000), "x": generator.normal(size=30_000).cumsum()})


def write(path: Path, content: pa.Table) -> None:
    """Without compression: values lie open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(content, path, compression="none", use_dictionary=False)


def rot(place: Place, call: str) -> None:
    """A bit of an archive file is another, behind everybody's back."""
    there = [place.archived(path) for path in place.victims(call)]
    files = [path for path in there if path.is_file()]
    if files:
        path = place.random.choice(files)
        status, offset = path.stat(), place.random.randrange(path.stat().st_size)
        with path.open("r+b") as file:
            byte = os.pread(file.fileno(), 1, offset)[0]
            os.pwrite(file.fileno(), bytes([byte ^ 1]), offset)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        place.struck.append(path.parent.name)


def rewrite(place: Place, call: str) -> None:
    """A source file is replaced, or written to in place through a handle that was open."""
    victims = place.victims(call)
    if victims:
        path = place.random.choice(victims)
        new = place.root / "new.parquet"
        write(new, table(place.random.randrange(1 << 30)))
        if place.random.random() < 0.5:
            path.write_bytes(new.read_bytes())
        elif not path.name.startswith("."):
            new.replace(path)
        _expect(place, path)


def rewrite_unseen(place: Place, call: str) -> None:
    """One value of a source file is another, which the fingerprint misses."""
    from ae_pipeline.dataset import Fragment, fingerprint

    victims = place.victims(call)
    if not victims:
        return
    path = place.random.choice(victims)
    before, status = fingerprint(Fragment(path, "x", 0)), path.stat()
    with path.open("r+b") as file:
        for _ in range(100):
            offset = place.random.randrange(status.st_size // 2, status.st_size * 3 // 4)
            byte = os.pread(file.fileno(), 1, offset)
            os.pwrite(file.fileno(), bytes([byte[0] ^ 1]), offset)
            if fingerprint(Fragment(path, "x", 0)) == before:
                break
            os.pwrite(file.fileno(), byte, offset)
    _expect(place, path)


def _expect(place: Place, path: Path) -> None:
    """From now on these are the rows that must not be lost."""
    shutil.copyfile(path, place.root / "truth" / f"{path.parent.name}.parquet")


def link(place: Place, call: str) -> None:
    """A partition of the archive is a link to that of the source; its files lie elsewhere."""
    day = place.random.choice(NAMES).split("/")[0]
    folder, aside = place.archive / day, place.root / "aside"
    if folder.is_dir() and not folder.is_symlink():
        folder.rename(aside)
        folder.symlink_to(place.source / day)


def unmount(place: Place, call: str) -> None:
    """The source is an empty folder; what it has lies elsewhere."""
    place.source.rename(place.root / "unmounted")
    place.source.mkdir()


def fill(place: Place, call: str) -> None:
    """The disk that archive and source lie on is full."""
    with (place.root / "filler").open("wb") as file:
        try:
            while file.write(b"\0" * 4096):
                file.flush()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def kill(place: Place, call: str) -> None:
    """The process is gone."""
    os.kill(os.getpid(), signal.SIGKILL)


def second(place: Place, call: str) -> None:
    """A second run of other tolerances, which has stopped somewhere, goes on to its end."""
    if place.other is not None:
        os.kill(place.other[0], signal.SIGCONT)
        os.read(place.other[1], 1)


FAULTS: dict[str, Callable[[Place, str], None]] = {
    "rot": rot,
    "rewrite": rewrite,
    "rewrite_unseen": rewrite_unseen,
    "link": link,
    "unmount": unmount,
    "disk_full": fill,
    "kill": kill,
    "two_runs": second,
}


def mend(place: Place) -> None:
    """Undo what an operator would."""
    (place.root / "filler").unlink(missing_ok=True)
    for folder in place.archive.glob("day=*"):
        if folder.is_symlink():
            folder.unlink()
            (place.root / "aside").rename(folder)
    if (place.root / "unmounted").is_dir():
        place.source.rmdir()  # nothing was written to it
        (place.root / "unmounted").rename(place.source)


def strike_at(point: int, strike: Callable[[str], None], log: Path) -> None:
    """Let a fault strike at a step of this process; which one it was is logged."""
    n_calls = 0

    def step(label: str) -> None:
        nonlocal n_calls
        n_calls += 1
        if n_calls == point:
            log.write_text(label)
            strike(label)

    def striking(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **kwargs: Any) -> Any:
            label = f"{name} {_kind_of(args)}"
            step(label)
            try:
                return call(*args, **kwargs)
            finally:
                step(f"{label}, after")

        return stepped

    for name in _CALLS:
        setattr(os, name, striking(name, getattr(os, name)))
    hashlib.file_digest = striking("hash", hashlib.file_digest)  # type: ignore[assignment]


def _kind_of(args: tuple[Any, ...]) -> str:
    """What a call is about, in a word or two."""
    first = args[0] if args else ""
    path = getattr(first, "name", first)
    text, target = str(path), str(args[1]) if len(args) > 1 else ""
    for kind in ("retiring", "retired", "unchecked", "failed", "codecs", "dataset.json"):
        if f"_ae/{kind}" in text:
            return f"{kind} note" if kind not in ("codecs", "dataset.json") else kind
    place = "archive" if "/archive/" in text else "source" if "/source/" in text else "file"
    if ".retiring" in text or ".retiring" in target:
        return f"hidden {Path(text).name}"
    return f"{place} file" if text.endswith((".parquet", ".tmp", ".replaced")) else place


def night(place: Place, delete: str = "after_verify") -> None:
    """Fine tolerances; raises if a fragment failed."""
    from ae_pipeline.config.job import CompressJob
    from ae_pipeline.verbs import compress

    job = CompressJob(
        source=str(place.source),
        archive=str(place.archive),
        codec=str(place.root / "fine"),
        retention={"delete_source": delete},
        execution={"workers": 1},
    )
    report = compress(job)
    if report.failures:
        raise RuntimeError("; ".join(map(str, report.failures)))


def coarse(place: Place) -> None:
    """A backfill of larger tolerances over the same archive, whatever is there."""
    from ae_pipeline.config.job import EncodeJob
    from ae_pipeline.verbs import backfill

    job = EncodeJob(
        source=str(place.source),
        archive=str(place.archive),
        codec=str(place.root / "coarse"),
        backfill={"only": ("missing", "stale", "failed", "outdated", "current")},
        execution={"workers": 1},
    )
    backfill(job)


def prepare(root: Path) -> None:
    """A source, what it holds, and two codecs."""
    from ae_pipeline.config.job import EncodeJob
    from ae_pipeline.verbs import encode

    for seed, name in enumerate(NAMES):
        write(root / "source" / name, table(seed))
        write(root / "truth" / f"{Path(name).parent.name}.parquet", table(seed))
    for name, value in (("fine", TOLERANCE), ("coarse", COARSE)):
        rules = [{"match": "x", "kind": "absolute", "value": value}]
        job = EncodeJob(
            source=str(root / "source"),
            archive=str(root / f"{name}-archive"),
            tolerance={"rules": rules, "accept_flattened": True},
            planner={"learn": "never"},
        )
        assert not encode(job).failures
        (codec,) = (root / f"{name}-archive" / "_ae/codecs").iterdir()
        codec.rename(root / name)
    (root / "fine-archive").rename(root / "archive")
    shutil.copytree(root / "fine", root / "archive/_ae/codecs" / _codec_id(root / "fine"))
    shutil.rmtree(root / "coarse-archive")


def _codec_id(directory: Path) -> str:
    from ae_pipeline.codec.archive import load_archive_codec

    return load_archive_codec(directory).id


def check(place: Place) -> None:
    """Each row is in the source, under whatever name, or comes out of the archive as promised."""
    from ae_pipeline.config.job import DecodeJob
    from ae_pipeline.verbs import decode

    missing = [name for name in NAMES if not _in_source(place, name)]
    if not missing:
        return
    out = place.root / "out"
    shutil.rmtree(out, ignore_errors=True)
    decode(DecodeJob(archive=str(place.archive), decoded=str(out)))
    for name in missing:
        truth = pq.read_table(place.root / "truth" / f"{Path(name).parent.name}.parquet")
        found = pq.ParquetFile(out / name).read()
        assert found["key"].equals(truth["key"]), name
        errors = np.abs(found["x"].to_numpy() - truth["x"].to_numpy())
        assert errors.max() <= TOLERANCE, f"{name}: off by {errors.max()}"


def _in_source(place: Place, name: str) -> bool:
    truth = (place.root / "truth" / f"{Path(name).parent.name}.parquet").read_bytes()
    folder = (place.source / name).parent
    return any(path.read_bytes() == truth for path in folder.glob("*") if path.is_file()) or any(
        path.read_bytes() == truth for path in folder.glob(".*") if path.is_file()
    )


@dataclass(frozen=True)
class Outcome:
    """What came of one run; `bad` is empty if nothing was lost."""

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
    n_kept = sum(_in_source(place, name) for name in NAMES)
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
    """What is told goes to a file."""
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
    """So many runs, the faults in turn, each at a step that is drawn."""
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


def print_table(outcomes: list[Outcome]) -> None:
    """Fault x step: runs, how they ended, what was lost."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one in outcomes:
        counted = counts.setdefault((one.fault, one.step), Counter())
        counted.update([one.ended, *(["LOST"] if one.bad else [])])
    print(f"{'fault':<15} {'step':<44} {'runs':>4}  ended")
    for (fault, step), counted in sorted(counts.items()):
        n_runs = sum(counted[name] for name in ("rc 0", "told", "killed"))
        ended = ", ".join(f"{name} {number}" for name, number in sorted(counted.items()))
        print(f"{fault:<15} {step:<44} {n_runs:>4}  {ended}")
    n_bad = sum(bool(one.bad) for one in outcomes)
    print(f"{len(outcomes)} runs, {n_bad} lost something")


def main() -> None:
    """Entry point; exit code 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=tuple(FAULTS))
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="retirement-"))
    outcomes = run_all(folder, arguments.runs, arguments.seed, tuple(arguments.faults))
    print_table(outcomes)
    if any(one.bad for one in outcomes):
        sys.exit(1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
