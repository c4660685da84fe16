"""Options shared by several verbs, and their translation into settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any  # Any: settings are a YAML tree

import typer

from ae_pipeline.config.load import parse_setting

#: The option for any setting.
SET = "--set"
_MODEL = "Model"
_RUN = "Run"
_PART = "Part of the dataset"
_CHOICE = "Which fragments"
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+) ?(s|m|h|)")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """`"90"`, `"90s"`, `"1.5m"` → 90."""
    found = _DURATION.fullmatch(text)
    if not found:
        raise typer.BadParameter(f"{text!r} is not a duration such as 90, 90s, 1.5m or 1h")
    return float(found[1]) * _SECONDS[found[2]]


Source = Annotated[
    str | None,
    typer.Argument(
        metavar="SOURCE",
        help="Parquet file, folder or hive tree; delta:// or iceberg:// PATH@VERSION.",
    ),
]
ConfigFile = Annotated[
    str | None,
    typer.Option(
        "--config", metavar="JOB.YAML", help="Job file with settings; options override it."
    ),
]
Setting = Annotated[
    list[str] | None,
    typer.Option(
        SET,
        metavar="KEY=VALUE",
        help="Override any setting of the job file, e.g. training.patience=5.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
ForceFit = Annotated[bool, typer.Option("--force", help="Fit again and replace the codec in DIR.")]
ForceEncode = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Encode and overwrite every file; fit a new codec if the settings require one.",
    ),
]
ForceBackfill = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Encode selected fragments even if current, with the same codec; let --prune and "
        "--replace-partitions remove more than a tenth of DEST.",
    ),
]
ForceDecode = Annotated[bool, typer.Option("--force", help="Overwrite other tables in OUT.")]
Workers = Annotated[
    int | None,
    typer.Option(
        help="Fragments, or blocks of the last ones, processed at a time.", rich_help_panel=_RUN
    ),
]
EffortName = Annotated[
    str | None,
    typer.Option(
        "--effort",
        metavar="fast|balanced|small",
        help="Encode faster, for a few percent more bytes; small is the default.",
        rich_help_panel=_RUN,
    ),
]
LatentDim = Annotated[
    int | None,
    typer.Option(help="Width of the bottleneck: latent numbers per row.", rich_help_panel=_MODEL),
]
Hidden = Annotated[
    str | None,
    typer.Option(
        metavar="64,32", help="Widths of the encoder's hidden layers.", rich_help_panel=_MODEL
    ),
]
ActivationName = Annotated[
    str | None,
    typer.Option("--activation", help="relu, swish, gelu, tanh, ...", rich_help_panel=_MODEL),
]
Epochs = Annotated[
    int | None, typer.Option(help="Passes over the sample at most.", rich_help_panel=_MODEL)
]
LossThreshold = Annotated[
    float | None,
    typer.Option(help="Stop once the validation loss is this low.", rich_help_panel=_MODEL),
]
StartFrom = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="CODEC", help="Start from this codec's network.", rich_help_panel=_MODEL
    ),
]
CodecFor = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="KIND",
        help="Fit a codec for features (the default), or for an archive.",
        rich_help_panel=_MODEL,
    ),
]
Seed = Annotated[int | None, typer.Option(help="Seed of all randomness.", rich_help_panel=_MODEL)]
Budget = Annotated[
    float | None,
    typer.Option(
        metavar="60s",
        parser=seconds,
        help="Approximate time to learn the table, and to train networks; 0 trains none.",
        rich_help_panel=_MODEL,
    ),
]
Keep = Annotated[
    list[str] | None,
    typer.Option(
        help="Keep these columns plain, readable in place (name or glob).", rich_help_panel=_MODEL
    ),
]
Feature = Annotated[
    list[str] | None,
    typer.Option(
        help="Give these columns the tolerance, integers included (name or glob).",
        rich_help_panel=_MODEL,
    ),
]
Learn = Annotated[
    str | None,
    typer.Option(
        metavar="WHICH",
        help="Columns that latents stand for: floats, or all whose values can be learned.",
        rich_help_panel=_MODEL,
    ),
]
Code = Annotated[
    str | None,
    typer.Option(
        metavar="auto|all|features",
        help="Columns to code: those that pay (the default), all, or features alone.",
        rich_help_panel=_MODEL,
    ),
]

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME",
        help="Decode only this column (name or glob).",
        rich_help_panel=_PART,
    ),
]
Partitions = Annotated[
    list[str] | None,
    typer.Option(
        "--partition",
        metavar="year=2015",
        help="Decode only this folder (path or glob).",
        rich_help_panel=_PART,
    ),
]
RowGroups = Annotated[
    list[int] | None,
    typer.Option(
        "--row-group",
        help="Decode only this row group of each file, counted from 0.",
        rich_help_panel=_PART,
    ),
]

Tolerance = Annotated[
    float | None,
    typer.Option(metavar="0.01", help="Promised error, as a fraction of each column's spread."),
]
AcceptFlattened = Annotated[
    bool,
    typer.Option(
        "--accept-flattened",
        help="Encode even if a tolerance flattens a column.",
    ),
]
AcceptChanges = Annotated[
    bool,
    typer.Option(
        "--accept-changes", help="Also encode columns whose Parquet types cannot be restored."
    ),
]
CodecToUse = Annotated[
    str | None,
    typer.Option("--codec", metavar="DIR", help="Codec to use. Default: DEST's own, or a new fit."),
]
Where = Annotated[
    str | None,
    typer.Option(
        metavar="PREDICATE",
        help='SQL predicate on partition keys: "year >= 2013".',
        rich_help_panel=_CHOICE,
    ),
]
Start = Annotated[
    str | None,
    typer.Option(metavar="2013-05", help="First date, inclusive.", rich_help_panel=_CHOICE),
]
End = Annotated[
    str | None,
    typer.Option(metavar="2013-07", help="Last date, inclusive.", rich_help_panel=_CHOICE),
]
Lookback = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Only the last N dates, or partitions if there are no dates.",
        rich_help_panel=_CHOICE,
    ),
]
Only = Annotated[
    str | None,
    typer.Option(
        metavar="STATE,...",
        help="Only these states. Default: missing,stale,failed.",
        rich_help_panel=_CHOICE,
    ),
]
Order = Annotated[
    str | None,
    typer.Option(
        metavar="asc|desc",
        help="Order of dates; desc starts with the latest.",
        rich_help_panel=_CHOICE,
    ),
]
Limit = Annotated[
    int | None, typer.Option(metavar="N", help="At most N fragments.", rich_help_panel=_CHOICE)
]
Prune = Annotated[
    bool,
    typer.Option("--prune", help="Remove fragments whose source is gone.", rich_help_panel=_CHOICE),
]
ReplacePartitions = Annotated[
    bool,
    typer.Option(
        "--replace-partitions",
        help="Remove files that new files of their partition replace, once those are verified.",
        rich_help_panel=_CHOICE,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done, and why, without doing it.")
]
MaxConcurrency = Annotated[
    int | None,
    typer.Option(metavar="N", help="Fragments processed at a time.", rich_help_panel=_RUN),
]


class Overrides(dict[str, Any]):
    """Settings of the command line by dotted key.

    Args:
        values: the settings.
        places: what gave each of them: an option, or `--set`.
    """

    def __init__(self, values: Mapping[str, Any], places: Mapping[str, str]) -> None:
        super().__init__(values)
        self.places = places


def settings(extra: list[str] | None, **options: Any) -> Overrides:
    """Dotted settings from options; `training__epochs=5` becomes `training.epochs`.

    An option that was not given leaves the job file's setting alone. `--set` comes first, so that
    an option given by name overrides it.
    """
    tree = dict(parse_setting(text) for text in extra or ())
    named = {key.replace("__", "."): value for key, value in options.items()}
    # `is`, because 0 equals False and is a legitimate value.
    given = {key: value for key, value in named.items() if value is not None and value is not False}
    places = {**dict.fromkeys(tree, SET), **dict.fromkeys(given, "the command line")}
    return Overrides({**tree, **given}, places)


def words(text: str | None) -> list[str] | None:
    """`"missing,stale"` → `["missing", "stale"]`."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def widths(text: str | None) -> list[str] | None:
    """`"64,32"` → `["64", "32"]`; the schema checks that they are numbers."""
    return None if text is None else [part for part in text.split(",") if part]
