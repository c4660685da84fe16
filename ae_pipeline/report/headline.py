"""The table as a whole in one line: what it took, what it takes, how many times smaller."""

from __future__ import annotations

from ae_pipeline.results.account import ByteAccount

#: Larger units than this nobody has in one dataset.
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def whole_line(account: ByteAccount, kind: str) -> str:
    """Compare the source's files with every byte of the dataset.

    Args:
        account: of the whole dataset.
        kind: word for the dataset: archive or features.
    """
    total = account.encoded_bytes + account.model_bytes + account.other_bytes
    sizes = f"Source {size_words(account.source_bytes)}, {kind} {size_words(total)}"
    compared = times_words(account.source_bytes, total)
    return f"{sizes} (model and all else counted): {compared}"


def part_line(account: ByteAccount, kind: str, n_fragments: int) -> str:
    """Compare some fragments with their sources; the model serves others, too.

    Args:
        account: of these fragments.
        kind: word for the dataset: archive or features.
        n_fragments: how many there are.
    """
    files = "1 file" if n_fragments == 1 else f"{n_fragments:,} files"
    encoded = size_words(account.encoded_bytes)
    compared = times_words(account.source_bytes, account.encoded_bytes)
    beside = size_words(account.model_bytes + account.other_bytes)
    return (
        f"Of {files}: source {size_words(account.source_bytes)}, {kind} {encoded}: {compared} "
        f"(model and all else, {beside}, serve the whole {kind})"
    )


def forecast_line(source_bytes: int, archive_bytes: int, label: str) -> str:
    """Compare the source's files with the archive that an option would give.

    Args:
        source_bytes: of the source's files.
        archive_bytes: of the archive, with everything counted.
        label: name of the option.
    """
    sizes = f"source {size_words(source_bytes)}, archive about {size_words(archive_bytes)}"
    return f"Forecast, {label}: {sizes}, {times_words(source_bytes, archive_bytes)}"


def times_words(before: int, after: int) -> str:
    """Return how many times smaller or larger bytes have become: `2.7 times smaller`."""
    if not before or not after:
        return "nothing to compare"
    smaller, larger = f"{before / after:.3g}", f"{after / before:.3g}"
    if 1 in (float(smaller), float(larger)):
        return "as large"
    return f"{smaller} times smaller" if before > after else f"{larger} times larger"


def size_words(n_bytes: int) -> str:
    """Return bytes with three digits in the largest unit: `7.87 MB`."""
    size, unit = float(n_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {_UNITS[unit]}" if unit else f"{n_bytes} bytes"
