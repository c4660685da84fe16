"""Datasets as Prefect assets: the dataset a run wrote, its source, and its size.

A verb that only reads leaves no asset, and neither does a run that finds everything current.
"""

import hashlib
from pathlib import Path
from urllib.parse import quote

from prefect.assets import Asset, AssetProperties, add_asset_metadata, materialize
from prefect.cache_policies import NO_CACHE
from prefect.types.names import MAX_ASSET_KEY_LENGTH

from ae_pipeline.escaping import markdown, visible
from ae_pipeline.locations import parse, without_version
from ae_pipeline.results.dataset import DatasetReport

#: The most partitions that the metadata of one materialisation names.
_MOST_PARTITIONS = 100
_DIGEST_LENGTH = 16

Metadata = dict[str, int | float | str | list[str] | None]


def asset_key(dataset: str) -> str:
    """Return the dataset's path as a URI: `data/Sales 2` in `/srv` is `file:///srv/data/Sales~202`.

    Prefect forbids the percent sign, so `~` takes its place. A path too long for a key is cut, and
    a digest keeps it unique. All versions of a table are one asset.
    """
    dataset = without_version(dataset)
    location = parse(dataset)
    start, path = ("file://", str(Path(dataset).resolve()))
    if location is not None:
        start, path = f"{location.scheme}://", f"{location.bucket}/{location.key}"
    place = quote(path, safe="/=:@$()*+,;").replace("~", "%7E")
    key = f"{start}{place}".replace("%", "~")
    if len(key) <= MAX_ASSET_KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{key[: MAX_ASSET_KEY_LENGTH - _DIGEST_LENGTH - 1]}-{digest}"


def publish_asset(report: DatasetReport, kind: str) -> None:
    """Materialise the dataset that a run wrote, downstream of the one it read.

    Args:
        report: report of encode or decode; nothing is published if it wrote nothing.
        kind: kind of the dataset, one word: features, archive, decoded.
    """
    destination = report.destination
    if destination is None or not report.n_written:
        return
    name = visible(Path(destination).name)
    properties = AssetProperties(name=name, description=f"{kind}: {markdown(destination)}")
    asset = Asset(key=asset_key(destination), properties=properties)
    record = materialize(
        asset,
        by="ae-pipeline",
        name="record-asset",
        task_run_name=f"record-{kind}",
        asset_deps=[asset_key(report.source)],
        cache_policy=NO_CACHE,
    )(add_asset_metadata)
    record(asset.key, asset_metadata(report))


def asset_metadata(report: DatasetReport) -> Metadata:
    """Return counts, bytes, ratios and the partitions that this run wrote."""
    written = (result for result in report.fragments if result.state == "written")
    partitions = list(dict.fromkeys(result.partition for result in written))
    ratios = report.bytes.ratios
    return {
        "rows": report.total.n_rows,
        "fragments_written": report.n_written,
        "fragments_current": report.total.n_fragments - report.n_written,
        "fragments_failed": len(report.failures),
        "source_bytes": report.total.source_bytes,
        "raw_bytes": report.total.raw_bytes,
        "encoded_bytes": report.total.encoded_bytes,
        "decoded_bytes": report.total.decoded_bytes,
        "ratio_of_files": ratios.files,
        "ratio_of_raw_features": ratios.raw,
        "codec_ids": list(report.codec_ids),
        "columns_flattened": [column.name for column in report.flattened][:_MOST_PARTITIONS],
        "partitions_written": len(partitions),
        "partitions": [visible(name) for name in partitions[:_MOST_PARTITIONS]],
        "seconds": round(report.seconds, 3),
    }
