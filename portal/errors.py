"""What can go wrong by the user's fault, in one shape for both doors (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class FieldError(BaseModel):
    """What is wrong with one field, and how to mend it."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="The field's name; nested ones with dots; empty for the whole.")
    message: str = Field(description="What is wrong and how to mend it.")


class ProblemDetails(BaseModel):
    """An RFC 9457 problem. ``type`` is ``/problems/<code>`` and stable: programs may match it."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = Field(default_factory=list[FieldError])
    retry_after: float | None = Field(default=None, description="Seconds to wait, if that helps.")


class Problem(Exception):
    """Raised by actions and doors; becomes problem+json or a failed ack."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        errors: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.details = ProblemDetails(
            type=f"/problems/{code}",
            title=title,
            status=status,
            detail=detail,
            errors=[FieldError(field=name, message=text) for name, text in (errors or {}).items()],
            retry_after=retry_after,
        )

    def as_json(self) -> dict[str, Any]:
        """The problem as it goes over the wire."""
        return self.details.model_dump(exclude_none=True)


def invalid(field: str, message: str, code: str = "invalid") -> Problem:
    """422: one field has a value that cannot be taken."""
    return Problem(422, code, "The request has a mistake", f"{field}: {message}", {field: message})


def not_found(thing: str) -> Problem:
    """404: it is not there, or the caller may not know that it is."""
    return Problem(404, "not-found", "Not found", f"There is no such {thing}, or not for you.")


def forbidden(detail: str) -> Problem:
    """403: the caller may see the thing, but not do this."""
    return Problem(403, "forbidden", "Not allowed", detail)


def conflict(code: str, detail: str, field: str | None = None) -> Problem:
    """409: it does not fit the present state."""
    errors = {field: detail} if field else None
    return Problem(409, code, "Conflict with the present state", detail, errors)


def unauthorized(detail: str = "Log in first.") -> Problem:
    """401: no valid session."""
    return Problem(401, "not-logged-in", "Not logged in", detail)


def too_many(detail: str, retry_after: float) -> Problem:
    """429: a limit on attempts or rates was reached; ``retry_after`` in seconds."""
    return Problem(429, "too-many", "Too many attempts", detail, retry_after=retry_after)


def unavailable(detail: str, retry_after: float = 1.0) -> Problem:
    """503: a part is away for the moment; sending the same client_id again is safe."""
    title = "Unavailable for a moment"
    return Problem(503, "unavailable", title, detail, retry_after=retry_after)


# Fields that one answer names; whoever sends more mistakes than that finds the rest next time.
MOST_ERRORS = 20


def from_validation(error: ValidationError) -> Problem:
    """422 with every field that pydantic found wrong."""
    errors: dict[str, str] = {}
    for item in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"])
        errors.setdefault(name, _mend(item["type"], item["msg"], item.get("ctx", {})))
        if len(errors) == MOST_ERRORS:
            break
    detail = "; ".join(f"{name or 'the request'}: {message}" for name, message in errors.items())
    return Problem(422, "invalid", "The request has mistakes", detail, errors)


# Pydantic's words are for programmers; these read on after the name of a field.
_WORDS = {
    "extra_forbidden": "is not a known field; leave it out",
    "missing": "is required",
    "string_type": "must be text",
    "string_unicode": "must be text",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_short": "needs at least {min_length} characters",
    "string_too_long": "takes at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "too_short": "needs at least {min_length}",
    "too_long": "takes at most {max_length}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
}


def _mend(kind: str, message: str, context: Mapping[str, Any]) -> str:
    words = _WORDS.get(kind)
    return message.removeprefix("Value error, ") if words is None else words.format_map(context)
