"""Faults that strike a night, and how an operator mends them."""

from __future__ import annotations

import errno
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from ae_pipeline.dataset import Fragment, fingerprint
from tests.support.faults.retirement.place import NAMES, Place, table, write


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
