"""Promises of the house: rooms stay small, modules say what they are for, tests mirror them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.source_tree import (
    ROOT,
    TOPS,
    docstrings,
    modules,
    packages,
    parse,
)

MOST_MODULES, MOST_LINES = 16, 2000
#: Tests write each example out in full, so a room's tests take more lines than the room.
MOST_TEST_LINES = 3000
#: Packages that are still too large: modules, lines. Entries go away and are never added.
TOO_LARGE: dict[str, tuple[int, int]] = {}

#: Docstrings that may begin with "Of" or "What", by room: none. Entries are never added.
BARE_BEGINNINGS: dict[str, int] = {}

#: Tests of promises that several modules keep together; each says so in its docstring.
CROSS_CUTTING = {
    "batches/test_object_stores.py",
    "blocks/test_blocks.py",
    "cli/test_bad_input.py",
    "cli/test_commands.py",
    "codec/test_damage.py",
    "codec/test_damage_names.py",
    "columns/test_promised.py",
    "dataset/test_half_files.py",
    "dataset/test_replaced_files.py",
    "dataset/test_source_gone.py",
    "docs/test_chinese.py",
    "docs/test_docs.py",
    "docs/test_how_to.py",
    "fitting/features/test_vectors_and_times.py",
    "flows/test_backfill_flow.py",
    "flows/test_backfill_scale.py",
    "flows/test_compress_counts.py",
    "flows/test_compress_flow.py",
    "flows/test_deployment.py",
    "flows/test_faults.py",
    "flows/test_flows.py",
    "flows/test_guard_flow.py",
    "flows/test_log_lines.py",
    "flows/test_reachable.py",
    "formats/test_archive_odd.py",
    "formats/test_archive_tables.py",
    "formats/test_golden.py",
    "formats/test_whole_tables.py",
    "fragments/test_drifting_columns.py",
    "report/test_escaping.py",
    "report/test_report.py",
    "report/test_result_repr.py",
    "store/test_fault_paths.py",
    "store/test_server_processes.py",
    "store/test_servers.py",
    "upkeep/retiring/test_retirement_faults.py",
    "verbs/test_changing_tables.py",
    "verbs/test_decode_extract.py",
    "verbs/test_force.py",
    "verbs/test_verify.py",
    "verbs/vectors/test_vectors.py",
    "verbs/test_whole_tables.py",
}
#: Folders of tests that are about the project as a whole.
PROJECT_WIDE = ("architecture", "faults", "packaging")


@pytest.mark.parametrize("package", packages(*TOPS), ids=str)
def test_packages_stay_small(package: Path) -> None:
    """A package has at most 16 modules and 2,000 lines, or 3,000 lines of tests."""
    files = list((ROOT / package).glob("*.py"))
    n_modules = sum(path.name != "__init__.py" for path in files)
    n_lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
    usual = MOST_TEST_LINES if package.parts[0] == "tests" else MOST_LINES
    most_modules, most_lines = TOO_LARGE.get(str(package), (MOST_MODULES, usual))
    assert n_modules <= most_modules, f"{package} has {n_modules} modules, not {most_modules}"
    assert n_lines <= most_lines, f"{package} has {n_lines:,} lines, not {most_lines:,}"


def test_modules_say_what_they_are_for() -> None:
    """Every module that has code has a docstring."""
    silent = [
        str(module)
        for module in modules(*TOPS)
        if parse(module).body and "module" not in dict(docstrings(module))
    ]
    assert silent == [], f"these have no docstring: {', '.join(silent)}"


def test_docstrings_begin_with_a_sentence() -> None:
    """No docstring begins with a bare "Of" or "What", where a noun or a verb belongs."""
    found: dict[str, list[str]] = {}
    for module in modules("ae_pipeline", "benchmarks", "flows", "tests/support"):
        for name, text in docstrings(module):
            if text.startswith(("Of ", "What ")):
                found.setdefault(_room(module), []).append(f"{module}: {name}")
    too_many = [
        place
        for room, places in found.items()
        if len(places) > BARE_BEGINNINGS.get(room, 0)
        for place in places
    ]
    assert too_many == [], "\n".join(too_many)


def _room(module: Path) -> str:
    """Room of ae_pipeline, or the top folder of what lies elsewhere."""
    top, inner = module.parts[:2]
    return inner.removesuffix(".py") if top == "ae_pipeline" else top


def _mirrored(test: Path) -> list[Path]:
    """Where the module of a test module would lie: a room's, or one of another top folder."""
    inner = test.relative_to("tests").with_name(test.name.removeprefix("test_"))
    places = (Path("ae_pipeline") / inner, inner)
    return [path for place in places for path in (place, place.with_suffix("") / "__init__.py")]


def test_tests_mirror_modules() -> None:
    """A test module has the name and the place of the module it tests, or is in the list."""
    tests = [path for path in modules("tests") if path.name.startswith("test_")]
    strangers = {
        str(path.relative_to("tests"))
        for path in tests
        if path.parts[1] not in PROJECT_WIDE
        and not any((ROOT / place).is_file() for place in _mirrored(path))
    }
    unknown, gone = sorted(strangers - set(CROSS_CUTTING)), sorted(set(CROSS_CUTTING) - strangers)
    assert unknown == [], f"these mirror no module: {', '.join(unknown)}"
    assert gone == [], f"these are listed without need: {', '.join(gone)}"
