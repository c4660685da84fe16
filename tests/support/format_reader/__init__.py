"""A reader of archives that knows `docs/format.md` alone: no line of the package is used."""
