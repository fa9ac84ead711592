"""JSON schemas of the models, as OpenAPI and AsyncAPI both want them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from portal.errors import ProblemDetails
from portal.model import Request

Json = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"


class _Untitled(GenerateJsonSchema):
    """Titles of fields only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def schemas(models: Iterable[type[BaseModel]]) -> Json:
    """A schema for each model and whatever it refers to, by name.

    Requests are described as they are read (fields with a default may be left out), all others
    as they are written (every field is there).
    """
    unique = sorted({*models, ProblemDetails}, key=lambda model: model.__name__)
    wanted = [
        (model, "validation" if issubclass(model, Request) else "serialization") for model in unique
    ]
    _, document = models_json_schema(
        wanted,  # type: ignore[arg-type]
        ref_template=REFERENCE,
        schema_generator=_Untitled,
    )
    found: Json = document.get("$defs", {})
    # Left out where there is nothing to wait for.
    problem = found[ProblemDetails.__name__]
    problem["required"] = [name for name in problem["required"] if name != "retry_after"]
    return found


def reference(model: type[BaseModel] | str) -> Json:
    """Where a model's schema is found."""
    name = model if isinstance(model, str) else model.__name__
    return {"$ref": REFERENCE.format(model=name)}


def summary(model: type[BaseModel]) -> str:
    """The first paragraph of a model's docstring, or nothing."""
    own = model.__dict__.get("__doc__") or ""
    return " ".join(own.split("\n\n")[0].split())
