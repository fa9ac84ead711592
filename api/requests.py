"""Reads requests: the JSON body, the path and the query become one request model."""

from __future__ import annotations

import asyncio
import json
import re
import types
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from api.routes import Route
from portal.errors import Problem, from_validation, invalid

M = TypeVar("M", bound=BaseModel)

# A body that takes longer than this to arrive is not worth waiting for.
BODY_SECONDS = 60.0
# No request has nearly as many fields, nor such long names; what comes is repeated in the answer.
_MOST_FIELDS = 64
_LONGEST_NAME = 64


async def read_body(request: Request, limit: int) -> bytes:
    """The bytes of the body, given up as soon as there are more than ``limit``."""
    if request.headers.get("content-encoding", "identity") != "identity":
        raise _media_type("Send the body without compression.")
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                parts += part
                if len(parts) > limit:
                    raise _too_large(limit)
    except TimeoutError as error:
        raise Problem(408, "too-slow", "Too slow", "The body did not arrive in time.") from error
    except ClientDisconnect as error:
        raise Problem(400, "cut-off", "Cut off", "The body did not arrive.") from error
    return bytes(parts)


async def decode(request: Request, route: Route, model: type[M], limit: int) -> M:
    """The request model, from everything that the request says; raises a 4xx Problem."""
    fields: dict[str, Any] = {}
    if route.has_body:
        fields = await _json_object(request, limit)
        if request.query_params:
            raise invalid(_shown(next(iter(request.query_params))), "belongs into the JSON body")
    else:
        fields = _query(request, model)
        await _no_body(request)
    for name in route.path_fields:
        if name in fields:
            raise invalid(name, "stands in the address; leave it out elsewhere")
        fields[name] = _typed(model, name, str(request.path_params[name]))
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise from_validation(error) from None


def path_number(request: Request, name: str) -> int:
    """A positive number that stands in the path."""
    return _number(name, str(request.path_params[name]), least=1)


async def _json_object(request: Request, limit: int) -> dict[str, Any]:
    body = await read_body(request, limit)
    if not body:
        return {}
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        raise _media_type("Send JSON, with Content-Type: application/json.")
    try:
        value: object = json.loads(
            body.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant
        )
    except RecursionError:
        raise _broken("It is nested too deeply.") from None
    except UnicodeDecodeError as error:
        raise _broken(f"It is not UTF-8 at byte {error.start}.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _broken(f"It is not JSON at {where}: {error.msg}.") from None
    except ValueError:
        raise _broken("It has a number that is too long.") from None
    if not isinstance(value, dict):
        raise invalid("", "must be a JSON object: {...}")
    return cast("dict[str, Any]", value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > _MOST_FIELDS:
        raise invalid("", f"has too many fields; at most {_MOST_FIELDS} are read")
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise invalid(_shown(name), "is there twice; send it once")
        if name != _shown(name):
            raise invalid(_shown(name), "is not a known field; leave it out")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise _broken(f"{name} is not JSON.")


def _shown(name: str) -> str:
    """A field's name, fit to be repeated in the answer."""
    return name.encode("utf-8", "replace").decode("utf-8")[:_LONGEST_NAME]


async def _no_body(request: Request) -> None:
    # An empty object is what some clients send when they have nothing to say.
    if (await read_body(request, 16)).strip() not in (b"", b"{}"):
        raise invalid("", f"{request.method} takes no body; put the fields into the query")


def _query(request: Request, model: type[BaseModel]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name in found:
            raise invalid(_shown(name), "is there twice; send it once")
        if name not in model.model_fields:
            raise invalid(_shown(name), "is not a known field; leave it out")
        found[name] = _typed(model, name, text)
    return found


def _typed(model: type[BaseModel], name: str, text: str) -> Any:
    """Text from an address as the type that the model's field has."""
    kinds = _kinds(model.model_fields[name].annotation)
    if int in kinds:
        return _number(name, text)
    if bool in kinds:
        values: Mapping[str, bool] = {"true": True, "false": False}
        if text not in values:
            raise invalid(name, "must be true or false")
        return values[text]
    return text


def _kinds(annotation: Any) -> set[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return set[Any]().union(*(_kinds(part) for part in get_args(annotation)))
    return {annotation}


def _number(name: str, text: str, least: int = -(2**53)) -> int:
    # Not int() alone, which takes blanks, underscores and digits of other scripts.
    if not re.fullmatch(r"-?[0-9]{1,16}", text) or not least <= int(text) < 2**53:
        raise invalid(name, "must be a whole number")
    return int(text)


def _broken(detail: str) -> Problem:
    return Problem(400, "broken-json", "The body is not JSON", detail)


def _media_type(detail: str) -> Problem:
    return Problem(415, "media-type", "This type of body is not taken here", detail)


def _too_large(limit: int) -> Problem:
    return Problem(413, "too-large", "Too large", f"The body may have at most {limit} bytes.")
