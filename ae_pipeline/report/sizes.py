"""Where the bytes of an encoded dataset lie, and how many times smaller it is."""

from __future__ import annotations

from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.account import ByteAccount

#: Parts of the payload, by their names in the ledger.
_PAYLOAD = {
    "table": "table: integers, each given what is known of its row",
    "integers": "integers: sub-columns coded by themselves",
    "beside": "text, and values that the codec has not seen",
    "codes": "codes: latents as integers",
    "corrections": "residuals of the network's predictions",
    "direct": "direct: columns without a prediction",
    "predicted": "predicted: from other columns",
    "classed": "contexts: given predictions from other columns",
    "series": "series: curves through the rows of a column",
    "lossless": "lossless: float columns of tolerance 0",
    "validity": "validity: where nulls are",
    "exact": "exact: values off their grid",
    "directory": "directory of the blocks",
    "latents": "latents",
    "missing": "missing values",
    "exact values": "values kept exactly",
}
_CONTAINER = "Parquet's own: footers and page headers"
#: Parquet compresses blocks once more; what that saves can be more than its own bytes.
_SAVED = "Parquet's own: headers, less what it saves"


def byte_tables(account: ByteAccount) -> list[Table]:
    """The bytes by part, and the ratios with the model counted and not."""
    return [byte_table(account), ratio_table(account)]


def byte_table(account: ByteAccount) -> Table:
    """One row per part that has bytes; the sum is every byte in the dataset's folder."""
    payload = [(_PAYLOAD.get(part, part), size) for part, size in account.ledger.items()]
    model = [(f"model: {part}", size) for part, size in account.model.items()]
    parts = [
        *sorted(payload, key=lambda part: -part[1]),
        ("plain columns, readable in place", account.kept_bytes),
        (_SAVED if account.container_bytes < 0 else _CONTAINER, account.container_bytes),
        *model,
        ("other files: schema, history, notes, reports", account.other_bytes),
    ]
    total = account.encoded_bytes + account.model_bytes + account.other_bytes
    rows = tuple((name, size, _share(size, total)) for name, size in parts if size)
    return Table(
        title="Bytes",
        headings=("part", "bytes", "share"),
        rows=rows,
        footer=("total", total, _share(total, total)),
        note=f"Parquet files take {account.encoded_bytes:,} bytes, {account.payload_bytes:,} of "
        f"them for encoded columns. The model, {account.model_bytes:,} bytes, is there once for "
        "all of them.",
    )


def ratio_table(account: ByteAccount) -> Table:
    """How many times smaller than the source files, and than the encoded columns uncompressed."""
    ratios = account.ratios
    rows: tuple[tuple[Cell, ...], ...] = (
        (f"source files, {account.source_bytes:,} bytes", ratios.files_with_model, ratios.files),
        (
            f"encoded columns uncompressed, {account.raw_bytes:,} bytes",
            ratios.raw_with_model,
            ratios.raw,
        ),
    )
    return Table(
        "Times smaller",
        ("than", "all counted", "without model"),
        rows,
        note="All counted: source files over every byte of this dataset, uncompressed columns over "
        "their encoded bytes and the model.",
    )


def _share(size: int, total: int) -> str:
    return f"{100 * size / max(total, 1):.1f} %"
