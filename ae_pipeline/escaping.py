r"""Escape names and values from data where people read them: one function per medium.

A column name may hold characters that move a cursor, reverse a line or make a link. It is stored
unchanged and shown by its code points: `\x1b`, `\u202e`.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress

#: Control and format characters, lone surrogates, separators of lines and paragraphs.
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
#: Scripts such as Persian, and emoji, are not written without these two.
_JOINERS = "\u200c\u200d"
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_ACTIVE_IN_MARKDOWN = re.compile(r"[\\`*\[\]<>|~&@]")
#: Underscores that could begin or end an emphasis; those inside words cannot.
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LINK = re.compile(r"(?<=www)\.|:(?=//)", re.IGNORECASE)


def visible(text: str) -> str:
    """Escape a text for terminals and logs: one line without control or invisible characters."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def one_line(text: str) -> str:
    """As `visible`, for a message of several lines: line breaks become spaces."""
    return visible(" ".join(part for part in re.split(r"\s*[\r\n]+\s*", text) if part))


def markdown(text: str) -> str:
    """Escape a text for a cell or a sentence of Markdown: no markup, HTML or links."""
    text = _ACTIVE_IN_MARKDOWN.sub(r"\\\g<0>", visible(text))
    if len(_EDGE_UNDERSCORE.findall(text)) > 1:
        text = _EDGE_UNDERSCORE.sub(r"\\_", text)
    return _LINK.sub(r"\\\g<0>", text)


def markdown_item(text: str) -> str:
    """As `markdown`, at the start of a line, where `#` and `1.` are markup, too."""
    return re.sub(r"^(\d*)(?=[#+=.)-])", r"\1\\", markdown(text.strip()))


def escape_logs(logger: str, escape: Callable[[str], str]) -> None:
    """Escape every message of a logger, and of those below it, from now on.

    This is done in the factory of records: a logger's filters do not see the messages of loggers
    below it, and the application chooses the handlers.
    """
    former = logging.getLogRecordFactory()

    def make(*args: object, **named: object) -> logging.LogRecord:
        record = former(*args, **named)
        if f"{record.name}.".startswith(f"{logger}."):
            # Arguments that do not fit stay: logging reports where such a record came from.
            with suppress(TypeError, ValueError):
                record.msg, record.args = escape(record.getMessage()), ()
        return record

    logging.setLogRecordFactory(make)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _INVISIBLE or character in _JOINERS:
        return character
    code = ord(character)
    wide = f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
    return _SHORT.get(character, f"\\x{code:02x}" if code <= 0xFF else wide)
