"""The REST door described as OpenAPI 3.1, from the models that check the requests."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from api.routes import PREFIX, AnyRoute, RawRoute, Route
from api.schemas import Json, reference, schemas
from portal.errors import ProblemDetails
from portal.operation import AnyOperation

TEXT = """\
Everything that people do in a portal, over HTTP. What happens meanwhile is told over Socket.IO:
see `/api/asyncapi.json`.

A portal's address is a subdomain (`acme.localhost:8024`); signing up, and finding one's portals,
is done at the bare address. Times are milliseconds since 1970 (UTC). Whatever goes wrong is an
RFC 9457 problem whose `type` is stable and whose `errors` name the fields. What creates something
takes a `client_id` of the caller's making: sent twice, it is done once and answered the same.
"""

_PROBLEMS = {
    400: "The body is not JSON.",
    401: "Nobody is logged in, or the session has ended.",
    403: "The caller may not do this, or the request comes from another site.",
    404: "It is not there, or the caller may not know that it is.",
    409: "It does not fit the present state.",
    413: "The body is too large.",
    415: "The body is of a type that is not taken here.",
    422: "The request has mistakes; `errors` names the fields.",
    429: "Too many attempts; `retry_after` says how long to wait.",
    503: "A part is away for the moment; the same request may be sent again.",
}


def openapi(
    operations: Mapping[str, AnyOperation],
    modules: Mapping[str, Sequence[AnyRoute]],
    version: str,
) -> Json:
    """The whole document."""
    models: set[type[Any]] = set()
    paths: Json = {}
    bodies: Json = {}
    for module, routes in modules.items():
        for route in routes:
            if isinstance(route, RawRoute):
                described = _raw(route, module)
                models |= {route.answer} if route.answer else set()
            else:
                operation = operations.get(route.operation)
                if operation is None:
                    continue
                models |= {operation.request, operation.answer}
                described = _operation(route, operation, module, bodies)
            paths.setdefault(route.path, {})[route.method.lower()] = described
    components = {**schemas(models), **bodies}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Talkoo",
            "version": version,
            "description": TEXT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "tags": [{"name": module} for module in modules],
        "paths": paths,
        "components": {
            "schemas": _without_unused(components, paths),
            "responses": {f"Problem{status}": _problem(text) for status, text in _PROBLEMS.items()},
            "securitySchemes": _security_schemes(),
        },
    }


def _security_schemes() -> Json:
    return {
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": "talkoo_session",
            "description": "Set by logging in. Over HTTPS its name is `__Host-talkoo_session`. "
            "What changes something needs an `Origin` of the portal itself.",
        },
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "Answered by logging in with `token: true`.",
        },
    }


def _operation(route: Route, operation: AnyOperation, module: str, bodies: Json) -> Json:
    request: Json = schemas([operation.request])[operation.request.__name__]
    described: Json = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [module],
        "security": _security(public=operation.access == "public"),
        "responses": _responses(route, operation),
    }
    if request.get("description"):
        described["description"] = request["description"]
    parameters = _parameters(route, request)
    if parameters:
        described["parameters"] = parameters
    if route.has_body and set(request.get("properties", {})) - set(route.path_fields):
        described["requestBody"] = _body(route, operation, request, bodies)
    return described


def _security(*, public: bool) -> list[Json]:
    return [] if public else [{"cookie": []}, {"bearer": []}]


def _parameters(route: Route, request: Json) -> list[Json]:
    properties: Json = request.get("properties", {})
    required: list[str] = request.get("required", [])
    found: list[Json] = []
    for name, schema in properties.items():
        in_path = name in route.path_fields
        if in_path or not route.has_body:
            found.append(
                {
                    "name": name,
                    "in": "path" if in_path else "query",
                    "required": in_path or name in required,
                    "schema": schema,
                }
            )
    return found


def _body(route: Route, operation: AnyOperation, request: Json, bodies: Json) -> Json:
    """The body: the request's model, without what already stands in the path."""
    name = operation.request.__name__
    if route.path_fields:
        name += "Body"
        bodies[name] = {
            **request,
            "title": name,
            "properties": _without(request["properties"], route.path_fields),
            "required": [f for f in request.get("required", []) if f not in route.path_fields],
        }
    needed = bool((bodies.get(name) or request).get("required"))
    return {"required": needed, "content": {"application/json": {"schema": reference(name)}}}


def _without(properties: Json, names: Sequence[str]) -> Json:
    return {name: value for name, value in properties.items() if name not in names}


def _responses(route: Route, operation: AnyOperation) -> Json:
    answer: Json = {
        "description": "Done.",
        "content": {"application/json": {"schema": reference(operation.answer)}},
    }
    if route.next_page:
        link = 'The next page, as `<address>; rel="next"`, where there is more.'
        answer["headers"] = {"Link": {"description": link, "schema": {"type": "string"}}}
    statuses = {422, 429, 503}
    if operation.access != "public":
        statuses.add(401)
    if operation.access != "public" or route.method != "GET":
        statuses.add(403)
    if route.path_fields:
        statuses.add(404)
    if operation.kind == "command":
        statuses.add(409)
    if route.has_body:
        statuses |= {400, 413, 415}
    found = {str(route.status): answer, **_problems(statuses)}
    if route.etag:
        etag = {"description": "Send it as `If-None-Match`.", "schema": {"type": "string"}}
        answer["headers"] = {"ETag": etag}
        found["304"] = {"description": "It is as it was."}
    return found


def _raw(route: RawRoute, module: str) -> Json:
    answer: Json = {"description": "Done."}
    if route.answer:
        answer["content"] = {"application/json": {"schema": reference(route.answer)}}
    elif route.gives:
        binary = {"schema": {"type": "string", "contentEncoding": "binary"}}
        answer["content"] = dict.fromkeys(route.gives, binary)
    statuses = {401, 403, 404, 422, 429, 503} | ({413, 415} if route.takes else set[int]())
    described: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [module],
        "security": _security(public=False),
        "responses": {str(route.status): answer, **_problems(statuses)},
    }
    if route.takes:
        binary = {"schema": {"type": "string", "contentEncoding": "binary"}}
        described["requestBody"] = {
            "required": True,
            "content": dict.fromkeys(route.takes, binary),
        }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}
        for name in Route(route.method, route.path, route.name).path_fields
    ] + [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
        for name in route.query
    ]
    if parameters:
        described["parameters"] = parameters
    return described


def _problems(statuses: set[int]) -> Json:
    return {
        str(status): {"$ref": f"#/components/responses/Problem{status}"}
        for status in sorted(statuses)
    }


def _problem(description: str) -> Json:
    content = {"application/problem+json": {"schema": reference(ProblemDetails)}}
    return {"description": description, "content": content}


def _without_unused(components: Json, paths: Json) -> Json:
    """Leaves out the schemas that only served to make others."""
    wanted = {ProblemDetails.__name__}
    waiting: list[Any] = [paths, components[ProblemDetails.__name__]]
    while waiting:
        for name in _references(waiting.pop()) - wanted:
            wanted.add(name)
            waiting.append(components[name])
    return {name: components[name] for name in sorted(wanted)}


def _references(part: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(part)))
