"""The stream of a sub-column (sections 6.1 to 6.3 and 6.6), one row after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.format_reader.streams import Bytes, read_integers
from tests.support.format_reader.symbols import Symbols, number_below
from tests.support.format_reader.table_model import wrap


@dataclass
class Rows:
    """The known rows of a block: integers of each sub-column by number, None where it has none.

    Args:
        n_rows: of the block.
        integers: of each sub-column by its number.
        meanings: offset and step of each sub-column.
    """

    n_rows: int
    integers: dict[int, list[int | None]]
    meanings: dict[int, tuple[int, int]]

    def value(self, name: int, row: int) -> int:
        """The signal of that name."""
        q = self.integers[name][row]
        return 0 if q is None else wrap(q + 1)

    def values(self, names: list[int], row: int) -> tuple[int, ...]:
        """Values of several sub-columns."""
        return tuple(self.value(name, row) for name in names)

    def sum_of(self, constant: int, terms: list[tuple[int, int, int, int]], row: int) -> int:
        """A constant and the terms of a row."""
        for name, weight, lag, fill in terms:
            q = self.integers[name][max(row - 1, 0) if lag else row]
            constant += weight * (fill if q is None else q)
        return wrap(constant)

    def predict(self, prediction: dict[str, Any], row: int) -> int:
        """The prediction for a row."""
        shift = prediction["shift"]
        total = self.sum_of(prediction["bias"], prediction["terms"], row)
        return wrap(total + (1 << shift >> 1)) >> shift

    def order(self, keys: list[int]) -> list[int]:
        """Rows by keys."""
        return sorted(range(self.n_rows), key=lambda row: self.values(keys, row))

    def changes(self, name: int, row: int) -> bool:
        """Whether a value is not that of the row before."""
        return row == 0 or self.value(name, row) != self.value(name, row - 1)

    def signal(self, signal: dict[str, Any], row: int) -> int:
        """A signal of a row."""
        if signal["kind"] == "linear":
            return self.predict(signal["prediction"], row)
        name = signal["names"][0]
        return _SIGNALS[signal["kind"]](self, signal, name, row)

    def _cycle(self, signal: dict[str, Any], name: int, row: int) -> int:
        q, (offset, step), (unit, length) = (
            self.integers[name][row],
            self.meanings[name],
            signal["numbers"],
        )
        return -1 if q is None else wrap(offset + step * q) // unit % length

    def _rank(self, signal: dict[str, Any], name: int, row: int) -> int:
        value = self.value(name, row)
        return signal["list"][value] if 0 <= value < len(signal["list"]) else -1

    def _since(self, signal: dict[str, Any], name: int, row: int) -> int:
        last = max(r for r in range(row + 1) if self.changes(name, r))
        return min(row - last, 31)

    def _till(self, signal: dict[str, Any], name: int, row: int) -> int:
        later = [r - row for r in range(row + 1, self.n_rows) if self.changes(name, r)]
        return min([*later, 31])

    def _first(self, signal: dict[str, Any], name: int, row: int) -> int:
        values = self.values(signal["names"], row)
        return int(all(self.values(signal["names"], r) != values for r in range(row)))


_SIGNALS: dict[str, Callable[[Rows, dict[str, Any], int, int], int]] = {
    "value": lambda rows, signal, name, row: rows.value(name, row),
    "lag": lambda rows, signal, name, row: rows.value(name, max(row - 1, 0)),
    "cycle": Rows._cycle,
    "rank": Rows._rank,
    "since": Rows._since,
    "till": Rows._till,
    "first": Rows._first,
}


def read_sub_column(
    content: bytes, model: dict[str, Any], rows: Rows, is_live: list[bool]
) -> list[int | None]:
    """Integers of a sub-column, None in rows that have none."""
    order = [row for row in rows.order(model["keys"]) if is_live[row]]
    taken = Bytes(content or b"\0")
    escapes = taken.take(taken.varint())
    symbols = Symbols(taken.content[taken.position :])
    if model["middle"] is not None:
        return read_levels(symbols, escapes, model, rows, order)
    leaves = {row: leaf_of(model, rows, row, {}) for row in order}
    tokens = read_tokens(symbols, model, order, leaves)
    targets = read_targets(symbols, model, order, tokens)
    assert symbols.is_at_end()
    n_tokens = len(model["codes"][0])
    escaped = [row for row in order if tokens[row] == n_tokens - 1]
    targets |= dict(zip(escaped, read_integers(escapes, len(escaped)).tolist(), strict=True))
    return _integers(model, rows, order, tokens, targets)


def read_levels(
    symbols: Symbols, escapes: bytes, model: dict[str, Any], rows: Rows, order: list[int]
) -> list[int | None]:
    """Integers of a sub-column with a hierarchy."""
    counted = Bytes(escapes or b"\0")
    n_escapes = counted.varint()
    escaped = read_integers(counted.content[counted.position :], n_escapes).tolist()
    found: dict[int, int] = {}
    levels = [level_of(place, len(order)) for place in range(len(order))]
    for level in sorted(set(levels), reverse=True):
        places = [place for place in range(len(order)) if levels[place] == level]
        own = {order[place]: own_signals(model, order, place, level, found) for place in places}
        some = list(own)
        leaves = {row: leaf_of(model, rows, row, own[row]) for row in some}
        tokens = read_tokens(symbols, model, some, leaves)
        targets = read_targets(symbols, model, some, tokens)
        for place, row in zip(places, some, strict=True):
            if tokens[row] == len(model["codes"][0]) - 1:
                targets[row] = escaped.pop(0)
            if tokens[row] < len(model["guesses"]):
                guess = model["guesses"][tokens[row]]
                if guess["kind"] in ("left", "right"):
                    found[row] = own[row][guess["kind"]]
                else:
                    integer = _guess(guess, rows, row, {})
                    found[row] = model["labels"].get(integer, integer)
                continue
            number = targets[row]
            if model["distances"]:
                number += own[row]["mean"] + _distance(model["base"], rows, order, place, level)
            found[row] = wrap(number)
    assert symbols.is_at_end()
    assert not escaped
    to_integer = {label: integer for integer, label in model["labels"].items()}
    integers = {row: to_integer.get(label, label) for row, label in found.items()}
    return [integers.get(row) for row in range(rows.n_rows)]


def level_of(place: int, n_rows: int) -> int:
    """Level of the row at a place in coding order."""
    if not place:
        return (n_rows - 1).bit_length()
    return len(f"{place:b}") - len(f"{place:b}".rstrip("0"))


def sides(place: int, level: int, n_rows: int) -> tuple[int, int]:
    """Places of the neighbours of a row that has any."""
    left, right = place - 2**level, place + 2**level
    return left, right if right < n_rows else left


def own_signals(
    model: dict[str, Any], order: list[int], place: int, level: int, found: dict[int, int]
) -> dict[str, int]:
    """Signals of the sub-column itself."""
    left = right = model["middle"]
    bend = 0
    if place:
        left, right = (found[order[side]] for side in sides(place, level, len(order)))
        far_left, far_right = place - 3 * 2**level, place + 3 * 2**level
        bend = left + right
        bend -= found[order[far_left]] if far_left >= 0 else left
        bend -= found[order[far_right]] if far_right < len(order) else right
    gap = wrap(right - left)
    mean = wrap(left + gap // 2)
    nearest = {"left": left, "right": right, "gap": gap, "mean": mean}
    return {**nearest, "level": level, "bend": wrap(bend)}


def _distance(
    base: dict[str, Any] | None, rows: Rows, order: list[int], place: int, level: int
) -> int:
    if base is None or not place:
        return 0
    here, left, right = (
        rows.sum_of(0, base["terms"], order[at]) for at in (place, *sides(place, level, len(order)))
    )
    half = 1 << base["shift"] >> 1
    return wrap(base["bias"] + 2 * here - left - right + half) >> base["shift"]


def leaf_of(model: dict[str, Any], rows: Rows, row: int, own: dict[str, int]) -> int:
    """Number of the leaf that is the context of a row."""
    node = model["tree"]
    while node["ask"] >= 0:
        signal = model["signals"][node["ask"]]
        number = own[signal["kind"]] if signal["kind"] in own else rows.signal(signal, row)
        node = node["right" if number > node["threshold"] else "left"]
    return node["leaf"]


def read_tokens(
    symbols: Symbols, model: dict[str, Any], order: list[int], leaves: dict[int, int]
) -> dict[int, int]:
    """Token of each row."""
    tokens = {}
    for leaf in range(model["n_leaves"]):
        for row in order:
            if leaves[row] == leaf:
                tokens[row] = symbols.from_table(model["codes"][leaf])
    return tokens


def read_targets(
    symbols: Symbols, model: dict[str, Any], order: list[int], tokens: dict[int, int]
) -> dict[int, int]:
    """Target of each row that is neither guessed nor escaped."""
    targets = {}
    for number, one in enumerate(model["bins"]):
        held = [row for row in order if tokens[row] == len(model["guesses"]) + number]
        if one["inside"]:
            for row in held:
                targets[row] = one["inside"][symbols.from_table(one["codes"])]
            continue
        above = dict.fromkeys(held, 0)
        for shift, size in number_below(one["high"] - one["low"] + 1):
            for row in held:
                above[row] += symbols.equally_likely(size) << shift
        targets |= {row: wrap(one["low"] + above[row]) for row in held}
    return targets


def _integers(
    model: dict[str, Any],
    rows: Rows,
    order: list[int],
    tokens: dict[int, int],
    targets: dict[int, int],
) -> list[int | None]:
    """Undo the steps from integers to targets; rows depend on those before them alone."""
    found: dict[int, int] = {}
    to_integer = {label: integer for integer, label in model["labels"].items()}
    # A row repeats one before it in row order; one that follows, the one before it in coding order.
    before = dict(zip(order[1:], order, strict=False))
    for row in order if model["follows"] else sorted(order):
        if tokens[row] < len(model["guesses"]):
            found[row] = _guess(model["guesses"][tokens[row]], rows, row, found)
            continue
        number = targets[row]
        if model["follows"] and row in before:
            number += _less_base(model, rows, before[row], found[before[row]])
        if model["base"]:
            number += rows.predict(model["base"], row)
        found[row] = to_integer.get(wrap(number), wrap(number))
    return [found.get(row) for row in range(rows.n_rows)]


def _less_base(model: dict[str, Any], rows: Rows, row: int, integer: int) -> int:
    label = model["labels"].get(integer, integer)
    return label - (rows.predict(model["base"], row) if model["base"] else 0)


def _guess(guess: dict[str, Any], rows: Rows, row: int, found: dict[int, int]) -> int:
    if guess["kind"] == "previous":
        values = rows.values(guess["keys"], row)
        alike = [r for r in found if r < row and rows.values(guess["keys"], r) == values]
        return found[max(alike)]
    if guess["kind"] == "dependence":
        key = 0
        for name in guess["names"]:
            key = wrap((key << 20) + rows.value(name, row))
        return guess["entries"][key]
    total = rows.sum_of(guess["constant"], guess["terms"], row)
    assert total % guess["divisor"] == 0
    integer = total // guess["divisor"]
    if guess["period"]:
        integer = wrap(integer - guess["start"]) % guess["period"] + guess["start"]
    return wrap(integer)
