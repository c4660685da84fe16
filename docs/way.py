"""The drawings of docs/explanation/how-it-works.md: bytes, the network, the promise."""

from __future__ import annotations

from docs.boxes import Step, draw_steps

_BYTES = (
    Step(
        "Table",
        "A row group of one Parquet file: rows in their order, columns of any type.",
        "source",
        cells=(
            ("time", "fare", "city"),
            ("08:00:00", "12.53", "Oslo"),
            ("08:00:07", "8.00", "Oslo"),
            ("08:00:15", "52.10", "Bergen"),
        ),
    ),
    Step(
        "Integers",
        "Each column by itself. A float with a tolerance of 0.05 becomes the number of a cell 0.1 "
        "wide; all else becomes integers exactly. Nulls, NaN and outliers are set aside.",
        "columns",
        cells=(("0", "125", "0"), ("7", "80", "0"), ("15", "521", "1")),
    ),
    Step(
        "What is not known yet",
        "Each column given those before it: changes, sums, linear predictions, a network, or the "
        "decision tree that says how likely a value is in its row. Only surprises are left.",
        "columns",
        cells=(("+7", "82 expected: -2", "Oslo again"), ("+8", "520 expected: +1", "a new city")),
    ),
    Step(
        "Block",
        "An entropy coder turns surprises into bits: the likelier, the fewer. Every column has its "
        "own stream, so that a reader takes what it needs. Where plain coding is smaller, it is.",
        "row group",
        "orange",
        cells=(("directory", "time", "fare", "city", "checksum"),),
    ),
    Step(
        "Parquet file",
        "Columns that stay plain, and the block as one binary value. The footer names the source, "
        "the codec and the least and largest value of each column in each block.",
        "file",
        "green",
        cells=(("plain columns", "ae:block", "footer"),),
    ),
)

_NETWORK = (
    Step(
        "Sample",
        "Statistics in one pass over all files; a sample of rows is kept in memory.",
        "once, at the first run",
        "orange",
    ),
    Step(
        "Candidates",
        "No prediction, linear prediction, linear networks in closed form, trained networks of "
        "several shapes. Each must earn its bytes on rows that it has not seen.",
        "once",
        "orange",
    ),
    Step(
        "Training",
        "Mini-batches in TensorFlow, rounding in the loop, so that weights and codes end as small "
        "integers. Checkpoints let a killed run go on.",
        "once",
        "orange",
    ),
    Step(
        "Codec",
        "Weights, grids and trees in one folder, often a few kilobytes. If a network does not pay, "
        "it is not there.",
        "stored once",
        "green",
    ),
    Step(
        "Encode",
        "A row's inputs become a short code; from the code the decoder predicts the row. What is "
        "stored is the code and how far the cells are from the prediction.",
        "each row group, numpy",
    ),
    Step(
        "Decode",
        "The same prediction in integer arithmetic, the same bits on any machine, without "
        "TensorFlow; and the residuals repair it, exactly.",
        "each read, numpy",
    ),
)

_PROMISE = (
    Step(
        "The guard",
        "On a sample, before anything is trained: would this tolerance leave less than 0.9 of a "
        "column's variance? Then nothing is written.",
        "before the first byte",
        "orange",
    ),
    Step(
        "The grid",
        "Every value is rounded and restored at once. One that would miss its promise by a bit is "
        "stored exactly, whatever it costs.",
        "each value, encode",
    ),
    Step(
        "The prediction",
        "Encoder and decoder compute it in integers. It may be bad, which costs bytes, but never "
        "precision: residuals are exact.",
        "each block, encode",
    ),
    Step(
        "The checksum",
        "Of each page, each block and the footer. Rot is an error, never a value.",
        "each read",
    ),
    Step(
        "The comparison",
        "Files are read back from disk, decoded, and every value is compared with its source. Only "
        "after this may a source be deleted.",
        "compress, verify --source",
        "green",
    ),
)

#: File name: title and steps.
DRAWINGS = {
    "way-bytes.svg": ("From a table to bytes", _BYTES),
    "way-network.svg": ("What the network does, and when", _NETWORK),
    "way-promise.svg": ("Where the promise is checked", _PROMISE),
}


def draw_way(name: str) -> str:
    """One of `DRAWINGS` as an SVG."""
    title, steps = DRAWINGS[name]
    return draw_steps(title, steps)
