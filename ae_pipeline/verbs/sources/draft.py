"""Draft a job file for a source: what its owner has to decide, with what is known of it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from ae_pipeline.errors import ConfigError, listing
from ae_pipeline.locations import parse, parse_table, without_version
from ae_pipeline.results.inspection import InspectedColumn, Inspection
from ae_pipeline.verbs.inspect import inspect

#: Columns that people filter and join on, by their names.
_KEYS = re.compile(r"(?i)(^|_)(id|key|uuid|guid|code)$|Id$|ID$")
_TIMES = ("date", "timestamp", "time")
#: Text that YAML reads as it stands, and words that it reads as something else.
_PLAIN = re.compile(r"[A-Za-z./~][\w./~:=@-]*")
_WORDS = re.compile(r"(?i)(true|false|null|~)|.*:")
_GLOB = re.compile(r"[*?\[]")
_MOST_KEPT = 8

_TEXT = """\
# Job of ae-pipeline for {source}:
# {about}
# Verbs read it by --config: `ae-pipeline encode --config {out}`. Options on the command line
# override it, and so does --set KEY=VALUE. All settings: docs/settings.md.

source: {source}
archive: {archive}

# Floats come back within this fraction of how far the ordinary values of their column reach;
# 0 keeps every bit. `ae-pipeline estimate --config {out}` says what other values would cost.
tolerance: 0.01
# Columns can have tolerances of their own; the last rule that matches counts:
# tolerance:
#   relative: 0.01
#   rules:
#     - {{match: {example}, kind: absolute, value: 0.05}}  # in units of the column
{flattened}
columns:
  # Columns that stay plain Parquet, to filter and join on without decoding.{keys}
  keep: {keep}  # names or globs, such as "*_id"

# Every night, as `ae-pipeline compress --config {out}`; a line for cron:
#   15 2 * * *  ae-pipeline compress --config {out} --quiet --log-file {log}
# or as a Prefect flow: `ae-pipeline run compress --config {out}`.
# backfill:
#   lookback: 7             # look only at the last 7 dates
retention:
  delete_source: never      # after_verify: delete a source file once every value was compared
"""


def draft_job(source: str, out: str) -> str:
    """Return the text of a commented job file that `load_job` accepts.

    Args:
        source: path or URI of a source.
        out: name of the file, for the commands in its comments.

    Raises:
        ConfigError: the path is an archive, features, a codec or decoded tables.
        SourceError: as `inspect`.
    """
    found = inspect(source)
    if found.kind != "source":
        raise ConfigError("not a source", where=source, expected="tables to encode", got=found.kind)
    features = [one.name for one in found.fidelity]
    named = next((name for name in features if _is_plain(name)), "'temp_*'")
    return _TEXT.format(
        source=_scalar(source),
        about=_about(found),
        out=_scalar(out),
        log=_scalar(str(PurePosixPath(out).with_suffix(".log"))),
        archive=_scalar(_archive_of(source)),
        example=named,
        flattened=_flattened(found),
        keys=_keys(found),
        keep=f"[{', '.join(map(_scalar, _kept(found.columns)))}]",
    )


def _about(found: Inspection) -> str:
    sizes = f"{found.facts['rows']:,} rows of {len(found.columns):,} columns"
    return f"{sizes}, {found.facts['fragments']:,} files, {found.facts['bytes']:,} bytes."


def _archive_of(source: str) -> str:
    """Return where the archive goes: beside the source in a store, else in this folder."""
    table = parse_table(source)
    bare = without_version(source).rstrip("/") if table is not None else source.rstrip("/")
    if parse(source) is not None:
        return f"{bare}_archive"
    name = PurePosixPath(bare).name.removesuffix(".parquet")
    return f"{name or 'data'}_archive"


def _kept(columns: Sequence[InspectedColumn]) -> list[str]:
    """Return columns that look like keys or times, none of them a feature."""
    others = (one for one in columns if one.role != "feature")
    fitting = (one.name for one in others if _KEYS.search(one.name) or one.type.startswith(_TIMES))
    return [name for name in fitting if name.isprintable() and not _GLOB.search(name)][:_MOST_KEPT]


def _keys(found: Inspection) -> str:
    keys = found.facts.get("partition keys")
    return f"\n  # Those of the folders always are: {_comment(str(keys))}." if keys else ""


def _flattened(found: Inspection) -> str:
    """Return a comment on columns that the default tolerance would flatten, or nothing."""
    names = [one.name for one in found.fidelity if one.is_flattened]
    if not names:
        return ""
    warning = f"At 0.01 next to nothing is left of {listing(names, 4)}: give rules for them."
    return f"# {_comment(warning)}\n"


def _comment(text: str) -> str:
    """Return text that stays within its comment."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _is_plain(text: str) -> bool:
    return bool(_PLAIN.fullmatch(text)) and not _WORDS.fullmatch(text)


def _scalar(text: str) -> str:
    return text if _is_plain(text) else json.dumps(text, ensure_ascii=not text.isprintable())
