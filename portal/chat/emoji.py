"""What counts as one emoji: a person may answer a message with one.

The shapes are those of Unicode's UTS #51: a symbol, perhaps with a skin tone or asked for as a
picture; several joined into one; a flag; a keycap.
"""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

# Longer than the longest in use, a family of four with their skin tones.
MOST_CHARACTERS = 32
_JOINER = "\u200d"
_AS_PICTURE = "\ufe0f"
_KEYCAP = "\u20e3"
# Emoji that Unicode counts among letters, arrows and punctuation.
_OTHERS = frozenset("\u203c\u2049\u2139\u2194\u25aa\u25ab\u25fd\u25fe\u3030\u303d")


def is_emoji(text: str) -> bool:
    """Whether a text is exactly one emoji."""
    if len(text) > MOST_CHARACTERS:
        return False
    if text.endswith(_KEYCAP):
        return len(text) <= 3 and text[:1] in "0123456789#*" and text[1:-1] in ("", _AS_PICTURE)
    if len(text) == 2 and all(map(_is_letter_of_flag, text)):
        return True
    return all(map(_is_part, text.split(_JOINER)))


def _is_letter_of_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_part(text: str) -> bool:
    """A symbol, and what changes how it looks."""
    first, rest = text[:1], text[1:]
    symbol = first in _OTHERS or (first != "" and unicodedata.category(first) == "So")
    return symbol and not _is_letter_of_flag(first) and all(map(_is_look, rest))


def _is_look(character: str) -> bool:
    tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    tag = "\U000e0020" <= character <= "\U000e007f"
    return tone or tag or character == _AS_PICTURE


def _one(value: str) -> str:
    if not is_emoji(value):
        raise ValueError("must be one emoji")
    return value


Emoji = Annotated[
    str,
    Field(min_length=1, max_length=MOST_CHARACTERS, description="One emoji."),
    AfterValidator(_one),
]
