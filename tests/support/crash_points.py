"""`python -m tests.support.crash_points VERB FOLDER`: kill a verb before and after each change.

Every call that changes the file system is a point. After each kill the same verb has to succeed,
with nothing lost and nothing left over. Children are forked before anything is read or written,
so that no thread of Arrow's is lost in them.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ae_pipeline.config.job import DecodeJob, EncodeJob
from ae_pipeline.storage import codec_directory, read_marker
from ae_pipeline.verbs import backfill, decode, encode, gc
from tests.support.datasets import mixed_table, write_tree
from tests.support.processes import assert_complete, assert_same_files, half_files

_CHANGES = ("fsync", "mkdir", "rename", "replace", "rmdir", "unlink")
_CRASHED = 99
#: More points than any verb has here.
_MOST_POINTS = 500


class Case:
    """A verb, what it starts from and what is true in the end.

    Args:
        folder: everything lies in it.
        verb: encode, backfill or decode.
    """

    def __init__(self, folder: Path, verb: str) -> None:
        self.verb = verb
        self.start, self.work = folder / "start", folder / "work"

    def prepare(self) -> None:
        """Write what the verb starts from."""
        tables = {f"day={day}/part-0.parquet": mixed_table(day, 30) for day in (1, 2)}
        write_tree(self.start / "source", tables)
        if self.verb != "encode":
            encode(self._job(self.start, "archive"))
            encode(self._job(self.start, "other", tolerance={"relative": 0.02}))
        if self.verb == "decode":
            self._decode(self.start)

    def run(self) -> None:
        """The verb itself."""
        if self.verb == "encode":
            encode(self._job(self.work, "archive"))
        elif self.verb == "backfill":
            marker = read_marker(self.start / "other")
            assert marker is not None
            codec = codec_directory(self.start / "other", str(marker.codec_id))
            job = self._job(self.work, "archive", codec=str(codec))
            only = job.backfill.model_copy(update={"only": ("missing", "outdated")})
            backfill(job.model_copy(update={"backfill": only}))
        else:
            self._decode(self.work)

    def check(self) -> None:
        """Nothing is lost; after a collection nothing is left over."""
        dataset = self.work / ("decoded" if self.verb == "decode" else "archive")
        for _ in range(2):
            assert_complete(self.work / "archive", self.work / "source")
            if self.verb == "decode":
                assert_same_files(dataset, self.start / "decoded")
            gc(str(dataset), grace_s=0.0)
        assert half_files(dataset) == []
        assert self.verb == "decode" or len(list((dataset / "_ae" / "codecs").iterdir())) == 1

    def _decode(self, root: Path) -> None:
        decoded = root / "decoded"
        decode(DecodeJob(archive=str(self.start / "archive"), decoded=str(decoded)))

    def _job(self, root: Path, archive: str, **settings: Any) -> EncodeJob:
        paths = {"source": str(root / "source"), "archive": str(root / archive)}
        common = {"planner": {"learn": "never"}, "execution": {"workers": 1}}
        return EncodeJob(**paths, **common, **settings)


def in_child(run: Callable[[], None]) -> int:
    """Exit code of a child that runs it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        run()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def crash_at(point: int) -> None:
    """End this process as a kill would, at one of the points that lie before it."""
    count = itertools.count(1)

    def crashing(change: Callable[..., Any]) -> Callable[..., Any]:
        def change_or_crash(*args: Any, **kwargs: Any) -> Any:
            if next(count) == point:
                os._exit(_CRASHED)
            result = change(*args, **kwargs)
            if next(count) == point:
                os._exit(_CRASHED)
            return result

        return change_or_crash

    for name in _CHANGES:
        setattr(os, name, crashing(getattr(os, name)))


def bad_points(case: Case) -> Iterator[int]:
    """Points after which a re-run does not bring everything right; raises if there are none."""

    def killed() -> None:
        crash_at(point)
        case.run()

    assert in_child(case.prepare) == 0
    for point in range(1, _MOST_POINTS):
        shutil.rmtree(case.work, ignore_errors=True)
        shutil.copytree(case.start, case.work)
        code = in_child(killed)
        if code == 0:
            assert point > 10, "hardly anything was changed"
            return
        if code != _CRASHED or in_child(case.run) or in_child(case.check):
            yield point
    raise AssertionError("it never came to its end")


if __name__ == "__main__":
    bad = list(bad_points(Case(Path(sys.argv[2]), sys.argv[1])))
    sys.exit(f"not mended after a kill at {bad}" if bad else 0)
