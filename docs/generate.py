"""Write the parts of the documents that are derived: settings from the schema, figures from runs.

Run it: `python -m docs.generate settings|demo|benchmarks|bench-page [DATASET...]`. A test says
whether the settings page is current; `demo` needs the outputs of `make demo`; `bench-page` compares
archives of the sample data, or of the datasets that are named.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ae_pipeline.config.job import DecodeJob, JobConfig
from ae_pipeline.config.load import load_job
from ae_pipeline.report.presenter import present
from ae_pipeline.report.tables import to_markdown
from ae_pipeline.verbs import decode
from benchmarks.machine import machine_line

ROOT = Path(__file__).parent.parent
_SAMPLES = [str(ROOT / "sample_data" / name) for name in ("gas_turbine", "cms_dimuon")]


def settings_page() -> str:
    """Every setting with its default and meaning, from the models themselves."""
    lines = [
        "# Settings",
        "",
        "Keys of a job file, of `--set KEY=VALUE`, and of a deployment's parameter `job`. Each",
        "verb requires the paths it cannot do without.",
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


def bars_of(page: str) -> str:
    """The table of a benchmarks page that holds ours against the best peer."""
    return page.split("**Ours against the best peer**\n\n")[1].split("\n\n", maxsplit=1)[0]


def tolerances_of(page: str) -> list[str]:
    """What the tolerances of each dataset are in source units, with a line that says so."""
    found = re.findall(r"\*\*(\S+): tolerances in source units\*\*\n\n(.*?)\n\n", page, re.DOTALL)
    return [f"Tolerances of {name} in source units:\n\n{table}" for name, table in found]


def _run(name: str, *arguments: str) -> str:
    """What a benchmark prints; in a process of its own, because it needs more than documents do."""
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def replace_section(name: str, content: str) -> None:
    """Put `content` between the markers of a section of the README."""
    path = ROOT / "README.md"
    pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    text = path.read_text(encoding="utf-8")
    path.write_text(pattern.sub(lambda m: f"{m[1]}{content}\n{m[2]}", text), encoding="utf-8")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["settings", "demo", "benchmarks", "bench-page"])
    parser.add_argument("datasets", nargs="*", default=_SAMPLES, help="of the bench-page")
    arguments = parser.parse_args()
    match arguments.part:
        case "settings":
            (ROOT / "docs/settings.md").write_text(settings_page(), encoding="utf-8")
        case "demo":
            replace_section("demo", demo_table())
        case "bench-page":
            page = benchmarks_page(arguments.datasets)
            (ROOT / "docs/benchmarks.md").write_text(page, encoding="utf-8")
            tables = "\n\n".join([bars_of(page), *tolerances_of(page)])
            replace_section("ratio", f"{tables}\n\n{machine_line()}.")
        case _:
            replace_section("benchmarks", benchmarks_text())


if __name__ == "__main__":
    main()
