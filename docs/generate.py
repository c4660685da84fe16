"""Write the derived parts of the documents: settings, the architecture, figures from runs.

`python -m docs.generate PART`, where PART is one of

    settings      docs/settings.md, from the settings schema
    command-line  docs/reference/command-line.md, from help texts
    architecture  docs/images/architecture.svg, from the import contract and the code
    readme        the table of the README, from docs/benchmarks.md
    bench-page    docs/benchmarks.md, measured now, then the README; of DATASET... if given
    tables        whole tables in docs/benchmarks.md and the README, measured now; of DATASET...
    benchmarks    the throughput in docs/benchmarks.md, measured now
    demo          the demo's errors in docs/benchmarks.md, after `make demo`
    scaling       the tables of docs/scaling.md, from costs that were measured before
    notebooks     outputs of docs/notebooks, executed now
    how-it-works  docs/images/way-*.svg, the drawings of docs/explanation/how-it-works.md
    comparison    the tables of docs/explanation/comparison.md, from docs/benchmarks.md
    tolerances    bytes at several tolerances in docs/how-to/choose-a-tolerance.md, forecast now

Tests say whether the first four, `scaling`, `notebooks`, `how-it-works` and `comparison` are
current.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import fill
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ae_pipeline.config.job import DecodeJob, JobConfig
from ae_pipeline.config.load import load_job
from ae_pipeline.report.presenter import present
from ae_pipeline.report.tables.markup import to_markdown
from ae_pipeline.verbs import decode
from benchmarks.cluster.measured import DRIVER, MACHINE, RATES
from benchmarks.cluster.sizing import sized
from benchmarks.cluster.terabyte import terabyte_table
from benchmarks.measure.machine import machine_line
from benchmarks.simulate_cluster import cluster_table, night, night_name
from docs.architecture import read_architecture
from docs.command_line import command_page
from docs.comparison import comparison_tables
from docs.drawing import draw
from docs.executed import executed, notebooks, write_notebook
from docs.tolerances import tolerances_table
from docs.way import DRAWINGS, draw_way

ROOT = Path(__file__).parent.parent
README, BENCHMARKS = ROOT / "README.md", ROOT / "docs/benchmarks.md"
SCALING = ROOT / "docs/scaling.md"
COMPARISON = ROOT / "docs/explanation/comparison.md"
TOLERANCES = ROOT / "docs/how-to/choose-a-tolerance.md"
COMMAND_LINE = ROOT / "docs/reference/command-line.md"
IMAGES = ROOT / "docs/images"
DRAWING = IMAGES / "architecture.svg"
#: Nights of docs/scaling.md: terabytes, data and effort.
_NIGHTS = [
    (tb, data, effort)
    for data, effort in (("floats", "fast"), ("mixed", "fast"), ("mixed", "small"))
    for tb in (1.0, 100.0, 10_000.0)
]
_NIGHT_HOURS, _DRIVER_BYTES = 24.0, 16e9
_SAMPLES = [str(ROOT / "sample_data" / name) for name in ("gas_turbine", "cms_dimuon")]


def settings_page() -> str:
    """Every setting with its default and meaning, from the models themselves."""
    lines = [
        "# Settings",
        "",
        "Keys of a job file, of `--set KEY=VALUE`, and of a deployment's parameter `job`. Each",
        "verb requires the paths it cannot do without. In files and in `--set`, `tolerance: 0.01`",
        "is short for `tolerance.relative`, and `drift: refit` for `drift.action`.",
        "`ae-pipeline init SOURCE` drafts a file.",
        "",
        "| key | default | meaning |",
        "|---|---|---|",
        *_rows(JobConfig, ""),
    ]
    return "\n".join(lines) + "\n"


def _rows(model: type[BaseModel], prefix: str) -> list[str]:
    rows = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            rows += _rows(kind, f"{prefix}{name}.")
        else:
            rows.append(f"| `{prefix}{name}` | {_default(field)} | {_meaning(field)} |")
        if get_origin(kind) is dict:  # of settings by the beginnings of URIs
            rows += _rows(get_args(kind)[1], f"{prefix}{name}.URI.")
    return rows


def _default(field: FieldInfo) -> str:
    default = field.get_default()
    if isinstance(default, tuple):
        default = list(default)
    return "-" if default is None else f"`{default}`".replace("'", "")


def _meaning(field: FieldInfo) -> str:
    text = (field.description or "").replace("|", "\\|")
    if get_origin(field.annotation) is not Literal:
        return text
    return f"{text} One of {', '.join(get_args(field.annotation))}."


def demo_table() -> str:
    """The partitions of the demo's decode report in `out/demo`, as Markdown."""
    job = load_job(DecodeJob, str(ROOT / "sample_data/demo.yaml"))
    partitions, *_ = present(decode(job)).tables()
    table = to_markdown(partitions).split("\n\n")[1]
    return f"{table.strip()}\n\n{machine_line()}."


def benchmarks_text() -> str:
    """What the benchmarks print on this machine, now."""
    outputs = [_run(name) for name in ("throughput", "archive_throughput", "training")]
    return "\n".join(f"```\n{output.strip()}\n```\n" for output in outputs).rstrip()


def benchmarks_page(datasets: Sequence[str]) -> str:
    """Archives beside their peers and beside what theory allows, measured now."""
    return _run("page", *datasets)


def tables_page(datasets: Sequence[str]) -> str:
    """Whole tables beside the lossless formats that store them, measured now."""
    return _run("tables.page", *datasets)


def readme_table() -> str:
    """The summary of whole tables in docs/benchmarks.md, and its machine; empty if not measured."""
    page = BENCHMARKS.read_text(encoding="utf-8")
    pattern = r"<!-- tables -->\n(\S.*?)\n\n\*\*Whole tables\*\*\n\n(.*?)\n\n(.*?)\n"
    found = re.search(pattern, page.partition("<!-- /tables -->")[0], re.DOTALL)
    if found is None:
        return ""
    return f"{found[2]}\n\n{fill(found[3], 110)}\n\n{fill(found[1], 110)}"


def scaling_costs() -> str:
    """A terabyte's costs, from those that were measured, as Markdown."""
    table = to_markdown(terabyte_table(RATES, DRIVER)).split("\n\n", 1)[1]
    driver = (
        f"Driver: {1e6 * DRIVER.plan_s:.0f} us of CPU and {DRIVER.object_bytes / 1e3:.1f} kB of "
        f"memory for a planned file, {1e3 * DRIVER.scheduler_s:.1f} ms of scheduler and "
        f"{1e3 * DRIVER.client_s:.1f} ms of client for a task."
    )
    return f"{table.strip()}\n\n{fill(driver, 110)}\n\n{fill(MACHINE, 110)}."


def scaling_nights() -> str:
    """Nights of several sizes, simulated now, as Markdown."""
    sizings = [sized(night(*one), _NIGHT_HOURS, _DRIVER_BYTES) for one in _NIGHTS]
    table = cluster_table([night_name(*one) for one in _NIGHTS], sizings)
    return to_markdown(table).split("\n\n", 1)[1].strip()


def architecture_drawing() -> str:
    """The floors and rooms of the code, as an SVG."""
    return draw(read_architecture(ROOT / "pyproject.toml"))


def _run(name: str, *arguments: str) -> str:
    """What a benchmark prints; in a process of its own, because it needs more than documents do."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def replace_section(path: Path, name: str, content: str) -> None:
    """Put `content` between the markers of a section of a page."""
    pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    text = path.read_text(encoding="utf-8")
    path.write_text(pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text), encoding="utf-8")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", choices=list(_PARTS), metavar="PART")
    parser.add_argument("datasets", nargs="*", default=_SAMPLES, metavar="DATASET")
    arguments = parser.parse_args()
    _PARTS[arguments.part](arguments.datasets)


def _write_settings(_: Sequence[str]) -> None:
    (ROOT / "docs/settings.md").write_text(settings_page(), encoding="utf-8")


def _write_command_line(_: Sequence[str]) -> None:
    COMMAND_LINE.write_text(command_page(), encoding="utf-8")


def _write_architecture(_: Sequence[str]) -> None:
    DRAWING.write_text(architecture_drawing(), encoding="utf-8")


def _write_readme(_: Sequence[str]) -> None:
    replace_section(README, "tables", readme_table())


def _write_tables(datasets: Sequence[str]) -> None:
    replace_section(BENCHMARKS, "tables", tables_page(datasets).rstrip())
    _write_readme(datasets)


def _write_peers(datasets: Sequence[str]) -> None:
    _write_tables(datasets)
    replace_section(BENCHMARKS, "peers", benchmarks_page(datasets).rstrip())
    _write_comparison(datasets)


def _write_throughput(_: Sequence[str]) -> None:
    replace_section(BENCHMARKS, "throughput", benchmarks_text())


def _write_demo(_: Sequence[str]) -> None:
    replace_section(BENCHMARKS, "demo", demo_table())


def _write_scaling(_: Sequence[str]) -> None:
    replace_section(SCALING, "costs", scaling_costs())
    replace_section(SCALING, "nights", scaling_nights())


def _write_notebooks(_: Sequence[str]) -> None:
    for path in notebooks():
        write_notebook(path, executed(path))


def _write_tolerances(_: Sequence[str]) -> None:
    replace_section(TOLERANCES, "tolerances", tolerances_table(ROOT / "sample_data/gas_turbine"))


def _write_way(_: Sequence[str]) -> None:
    for name in DRAWINGS:
        (IMAGES / name).write_text(draw_way(name), encoding="utf-8")


def _write_comparison(_: Sequence[str]) -> None:
    page = BENCHMARKS.read_text(encoding="utf-8")
    replace_section(COMPARISON, "measured", comparison_tables(page))


_PARTS: dict[str, Callable[[Sequence[str]], None]] = {
    "settings": _write_settings,
    "command-line": _write_command_line,
    "architecture": _write_architecture,
    "readme": _write_readme,
    "bench-page": _write_peers,
    "tables": _write_tables,
    "benchmarks": _write_throughput,
    "demo": _write_demo,
    "scaling": _write_scaling,
    "notebooks": _write_notebooks,
    "comparison": _write_comparison,
    "tolerances": _write_tolerances,
    "how-it-works": _write_way,
}


if __name__ == "__main__":
    main()
