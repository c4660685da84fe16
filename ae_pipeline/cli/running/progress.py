"""Progress of a verb on stderr: bars in a terminal, a line every 30 seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column

from ae_pipeline.cli.running.heartbeat import Clock, Heartbeat, beating
from ae_pipeline.cli.running.pace import Pace
from ae_pipeline.cli.running.session import current
from ae_pipeline.cli.terminal import stderr
from ae_pipeline.escaping import visible
from ae_pipeline.results.progress import Progress as ProgressListener
from ae_pipeline.results.progress import ProgressEvent, silent

_BAR_WIDTH = 12


@contextmanager
def showing_progress() -> Iterator[ProgressListener]:
    """Show how far the verb is, unless it was asked to be quiet."""
    if current().is_quiet:
        yield silent
    elif stderr.is_terminal:
        with progress_bars() as listen:
            yield listen
    else:
        with beating(Heartbeat(_tell)) as listen:
            yield listen


def _tell(line: str) -> None:
    stderr.print(f"{time.strftime('%H:%M:%S')} {line}", markup=False, soft_wrap=True)


@contextmanager
def progress_bars(
    clock: Clock = time.monotonic, console: Console = stderr
) -> Iterator[ProgressListener]:
    """One bar per stage, with its rate and the time that is left; none without a terminal."""
    is_hidden = not console.is_terminal
    with Progress(*_columns(), console=console, disable=is_hidden, expand=True) as bars:
        tasks: dict[str, int] = {}
        paces: dict[str, Pace] = {}

        def listen(event: ProgressEvent) -> None:
            now, pace = clock(), paces.get(event.stage)
            if pace is None or not pace.goes_on(event):
                pace = paces[event.stage] = Pace.begun(event, now)
            else:
                pace.event, pace.last_s = event, now
            if event.stage not in tasks:
                tasks[event.stage] = bars.add_task(event.stage, total=event.total, detail="")
            bars.update(
                bars.tasks[tasks[event.stage]].id,
                completed=event.done,
                total=event.total,
                detail=_detail(pace, now),
            )

        yield listen


def _columns() -> tuple[TextColumn | BarColumn | MofNCompleteColumn | TimeElapsedColumn, ...]:
    rest = Column(no_wrap=True, overflow="ellipsis", ratio=1)
    return (
        TextColumn("{task.description:<7}"),
        BarColumn(bar_width=_BAR_WIDTH),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim", markup=False, table_column=rest),
    )


def _detail(pace: Pace, now_s: float) -> str:
    parts = (pace.rate_words(), pace.left_words(now_s), visible(pace.event.detail))
    return ", ".join(filter(None, parts))
