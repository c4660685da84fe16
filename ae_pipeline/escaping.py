r"""Names and values from data, made harmless where people read them: one function per medium.

A column may be called by what moves a cursor, turns a line around, or is a link. It is stored as it
is and shown as what it is made of: `\x1b`, `\u202e`.
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
#: Underscores that could begin or end an emphasis; those inside of words cannot.
_EDGE_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_LINK = re.compile(r"(?<=www)\.|:(?=//)", re.IGNORECASE)


def visible(text: str) -> str:
    """For terminals and logs: one line without a character that acts or is not seen."""
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def one_line(text: str) -> str:
    """As `visible`, of a message that may be folded: line breaks become spaces."""
    return visible(" ".join(part for part in re.split(r"\s*[\r\n]+\s*", text) if part))


def markdown(text: str) -> str:
    """For Markdown: the same text in a cell or a sentence, without markup, HTML or links."""
    text = _ACTIVE_IN_MARKDOWN.sub(r"\\\g<0>", visible(text))
    if len(_EDGE_UNDERSCORE.findall(text)) > 1:
        text = _EDGE_UNDERSCORE.sub(r"\\_", text)
    return _LINK.sub(r"\\\g<0>", text)


def markdown_item(text: str) -> str:
    """As `markdown`, at the start of a line, where `#` and `1.` begin something."""
    return re.sub(r"^(\d*)(?=[#+=.)-])", r"\1\\", markdown(text.strip()))


def escape_logs(logger: str, escape: Callable[[str], str]) -> None:
    """From now on every message of a logger, or of one below it, is escaped.

    In the records' factory, because filters of a logger do not see what loggers below it say, and
    handlers are chosen by whoever runs us.
    """
    former = logging.getLogRecordFactory()

    def make(*args: object, **named: object) -> logging.LogRecord:
        record = former(*args, **named)
        if f"{record.name}.".startswith(f"{logger}."):
            # Arguments that do not fit stay: logging tells where such a record came from.
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
