"""The part of a dataset to decode."""

from typing import Annotated

from pydantic import Field

from ae_pipeline.config._model import Settings

RowGroupNumber = Annotated[int, Field(ge=0)]


class SelectionConfig(Settings):
    """Columns, partitions and row groups to decode; an empty setting selects everything."""

    columns: tuple[str, ...] = Field(
        default=(), description="Columns of the source, by name or glob."
    )
    partitions: tuple[str, ...] = Field(
        default=(),
        description="Folders of the dataset, by path or glob: year=2015, 'year=201*', "
        "'*/month=07'. '.' is the dataset's root.",
    )
    row_groups: tuple[RowGroupNumber, ...] = Field(
        default=(), description="Row groups of each encoded file, counted from 0."
    )
