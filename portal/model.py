"""The base of all models that cross a door, and the field types that they share."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

# The largest integer that JavaScript counts exactly.
MAX_INTEGER = 2**53 - 1
# No text of any kind is longer than this; the real limits are settings and smaller.
MAX_TEXT = 100_000


class Model(BaseModel):
    """Strict, closed and immutable: unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Request(Model):
    """What a caller sends."""


class Answer(Model):
    """What a caller gets."""


class EventBody(Model):
    """What an event says. ``type`` is its name in the log and on the wire."""

    type: ClassVar[str]


class SignalBody(Model):
    """What a signal says. ``type`` is its name on the wire; it is not kept."""

    type: ClassVar[str]


class Nothing(Request):
    """A request without fields."""


class Done(Answer):
    """It is done; there is nothing more to say."""

    done: bool = True


# One look at all of a text: of a message 0.5 us, and 6 us character by character.
_UNCLEAN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def _clean_text(value: str) -> str:
    found = _UNCLEAN.search(value)
    if found is not None:
        if found[0] < " ":
            raise ValueError("has a control character; remove it")
        raise ValueError("has half of a character (a lone surrogate); send valid Unicode")
    return value.replace("\r\n", "\n")


def _clean_line(value: str) -> str:
    value = unicodedata.normalize("NFC", _clean_text(value)).strip()
    # Bidirectional overrides turn the rest of a line around: a name that lies.
    if any(c in "\n\r\t\u2028\u2029" or "\u202a" <= c <= "\u202e" for c in value):
        raise ValueError("must be one line of plain text")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


Id = Annotated[int, Field(ge=1, le=MAX_INTEGER)]
Count = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Position = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Time = Annotated[int, Field(ge=0, le=MAX_INTEGER, description="Milliseconds since 1970, UTC.")]
ClientId = Annotated[
    str,
    Field(
        min_length=8,
        max_length=64,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="Made by the client, new for each thing it creates: sent twice, done once.",
    ),
]
MarkdownText = Annotated[
    str, Field(max_length=MAX_TEXT), AfterValidator(_clean_text), AfterValidator(_not_blank)
]
Line = Annotated[
    str, Field(max_length=100), AfterValidator(_clean_line), AfterValidator(_not_blank)
]
OptionalLine = Annotated[str, Field(max_length=100), AfterValidator(_clean_line)]
Secret = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_clean_text)]
# How long it must be is a setting: `portal.accounts.passwords` says so.
Password = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_clean_text)]
