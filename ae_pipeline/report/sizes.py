"""Where the bytes of an encoded dataset lie, and how many times smaller it is."""

from __future__ import annotations

from ae_pipeline.report.tables.table import Cell, Table
from ae_pipeline.results.account import ByteAccount

#: Parts of the payload, by their names in the ledger.
_PAYLOAD = {
    "codes": "codes: latents as integers",
    "corrections": "corrections of predicted values",
    "direct": "direct: columns without prediction",
    "predicted": "predicted: from other columns",
    "classed": "classed: by context from other columns",
    "table": "table: integers by what is known of their row",
    "integers": "integers: columns that the table does not predict",
    "beside": "beside the integers: text, and values not seen at fit time",
    "lossless": "lossless: columns of tolerance 0",
    "validity": "validity: where nulls are",
    "exact": "exact: values off their grid",
    "directory": "directory of the blocks",
    "latents": "latents",
    "missing": "missing values",
}


def byte_tables(account: ByteAccount) -> list[Table]:
    """The bytes by part, and the ratios with the model counted and not."""
    return [byte_table(account), ratio_table(account)]


def byte_table(account: ByteAccount) -> Table:
    """One row per part that has bytes; the sum is every byte in the dataset's folder."""
    payload = [(_PAYLOAD.get(part, part), size) for part, size in account.ledger.items()]
    model = [(f"model: {part}", size) for part, size in account.model.items()]
    parts = [
        *payload,
        ("kept columns", account.kept_bytes),
        ("container: Parquet's own, less what it saves", account.container_bytes),
        *model,
        ("beside: schema, history, reports", account.other_bytes),
    ]
    total = account.encoded_bytes + account.model_bytes + account.other_bytes
    rows = tuple((name, size, _share(size, total)) for name, size in parts if size)
    return Table(
        title="Bytes",
        headings=("part", "bytes", "share"),
        rows=rows,
        footer=("total", total, _share(total, total)),
        note=f"Parquet files {account.encoded_bytes:,} bytes, of which payload (the encoded "
        f"columns) {account.payload_bytes:,}; model {account.model_bytes:,}, once.",
    )


def ratio_table(account: ByteAccount) -> Table:
    """How many times smaller than the source files, and than the encoded columns uncompressed."""
    ratios = account.ratios
    rows: tuple[tuple[Cell, ...], ...] = (
        (f"source files, {account.source_bytes:,} bytes", ratios.files, ratios.files_with_model),
        (
            f"encoded columns uncompressed, {account.raw_bytes:,} bytes",
            ratios.raw,
            ratios.raw_with_model,
        ),
    )
    return Table("Times smaller", ("than", "without model", "with model"), rows)


def _share(size: int, total: int) -> str:
    return f"{100 * size / max(total, 1):.1f} %"
