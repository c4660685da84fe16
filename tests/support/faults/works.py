"""Work on fragments, for processes to open: their names say what becomes of them."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ae_pipeline.cancellation import beat
from ae_pipeline.dataset import Fragment
from ae_pipeline.errors import CorruptFragmentError
from ae_pipeline.publish import publishing
from ae_pipeline.results.account import StoredBytes
from ae_pipeline.results.dataset import FragmentResult
from ae_pipeline.results.progress import ProgressEvent


def fragments(*names: str) -> tuple[Fragment, ...]:
    """Fragments of these names, without files."""
    return tuple(Fragment(Path(name), name, 0) for name in names)


def done(fragment: Fragment) -> FragmentResult:
    """A result without bytes."""
    return FragmentResult(
        **vars(StoredBytes.total([])),
        relative=fragment.relative,
        partition=".",
        state="written",
        n_rows=os.getpid(),
    )


def stop_after_a(event: ProgressEvent) -> None:
    """Stop the job once the fragment `a` is done."""
    if event.detail == "a":
        raise KeyboardInterrupt


@dataclass(frozen=True)
class NamedWork:
    """Does what the first word of a fragment's name says; anything else is done.

    Args:
        folder: in which a fatal or stuck fragment leaves a file.
    """

    folder: Path

    @property
    def paths(self) -> tuple[str, ...]:
        """The folder."""
        return (str(self.folder),)

    @property
    def makes(self) -> type[FragmentResult]:
        """Results."""
        return FragmentResult

    def open(self) -> Callable[[Fragment], FragmentResult]:
        """Return the work."""
        return self._act

    def _act(self, fragment: Fragment) -> FragmentResult:
        logging.getLogger("ae_pipeline.named").warning("on %s", fragment.relative)
        {
            "damaged": self._damaged,
            "slow": self._slow,
            "bug": self._bug,
            "fatal": self._killed,
            "fragile": self._fragile,
            "stuck": self._stuck,
            "over": self._over,
        }.get(fragment.relative.split("-")[0], lambda: None)()
        return done(fragment)

    def _damaged(self) -> None:
        raise CorruptFragmentError("damaged")

    def _slow(self) -> None:
        raise TimeoutError(110, "timed out")

    def _bug(self) -> None:
        raise KeyError("bug")

    def _killed(self) -> None:
        with (self.folder / "deaths").open("a") as deaths:
            deaths.write("x")
        os.kill(os.getpid(), signal.SIGKILL)

    def _fragile(self) -> None:
        if not (self.folder / "deaths").exists():
            self._killed()

    def _stuck(self) -> None:
        with publishing(self.folder / "half") as temporary:
            temporary.write_text("half")
            (self.folder / "pid").write_text(str(os.getpid()))
            while True:
                beat()

    def _over(self) -> None:
        with publishing(self.folder / "source.parquet") as temporary:
            temporary.write_text("lost")


@dataclass(frozen=True)
class Word:
    """An item that is no fragment."""

    relative: str
    size_bytes: int = 0


@dataclass(frozen=True)
class Spelling:
    """Makes the letters of a word, or does what `NamedWork` does with a fragment of that name.

    Args:
        folder: as for `NamedWork`.
        promises: class of what it says that it makes.
    """

    folder: Path
    promises: type = list

    @property
    def paths(self) -> tuple[str, ...]:
        """The folder."""
        return (str(self.folder),)

    @property
    def makes(self) -> type:
        """The class that was promised."""
        return self.promises

    def open(self) -> Callable[[Word], list[str]]:
        """Return the work."""
        act = NamedWork(self.folder).open()

        def spell(word: Word) -> list[str]:
            act(*fragments(word.relative))
            return list(word.relative)

        return spell
