"""The reference that people read, rendered from the two descriptions: one page, no script."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from api.schemas import Json

_REF = re.compile(r"#/components/schemas/(\w+)")


def reference_page(rest: Json, live: Json) -> str:
    """The whole page."""
    tags: list[str] = [tag["name"] for tag in rest["tags"]]
    schemas: Json = {**rest["components"]["schemas"], **live["components"]["schemas"]}
    title = f"Talkoo {escape(rest['info']['version'])}: the API"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            '<link rel="stylesheet" href="/api/docs/reference.css"></head><body>',
            _contents(tags),
            f'<main><h1>{title}</h1><p class="files"><a href="/api/v1/openapi.json">OpenAPI 3.1</a>'
            ' <a href="/api/asyncapi.json">AsyncAPI 3.0</a></p>',
            '<section id="rest"><h2>REST</h2>',
            _prose(rest["info"]["description"]),
            "</section>",
            *(_tag(tag, rest) for tag in tags),
            '<section id="socket"><h2>Socket.IO</h2>',
            _prose(live["info"]["description"]),
            "</section>",
            *_messages(live),
            '<section id="models"><h2>Models</h2>',
            *(_model(name, schema) for name, schema in sorted(schemas.items())),
            "</section></main></body></html>",
        ]
    )


def _contents(tags: list[str]) -> str:
    rest = "".join(f'<li><a href="#tag-{tag}">{tag}</a></li>' for tag in tags)
    kinds = ("commands", "events", "signals", "control")
    live = "".join(f'<li><a href="#{kind}">{kind}</a></li>' for kind in kinds)
    return (
        f'<nav><strong>Talkoo</strong><a href="#rest">REST</a><ul>{rest}</ul>'
        f'<a href="#socket">Socket.IO</a><ul>{live}</ul><a href="#models">Models</a></nav>'
    )


def _tag(tag: str, rest: Json) -> str:
    prefix = rest["servers"][0]["url"]
    operations = [
        _operation(method, prefix + path, described)
        for path, methods in rest["paths"].items()
        for method, described in methods.items()
        if tag in described["tags"]
    ]
    return f'<section id="tag-{tag}"><h2>{tag}</h2>{"".join(operations)}</section>'


def _operation(method: str, path: str, described: Json) -> str:
    name = described["operationId"]
    open_to = "" if described["security"] else ' <span class="public">before log-in</span>'
    parts = [
        f'<details id="{name}"><summary><b class="{method}">{method.upper()}</b> '
        f"<code>{escape(path)}</code> <span>{_inline(described['summary'])}</span>{open_to}"
        "</summary>",
        f"<p><code>{name}</code></p>",
        _prose(described.get("description", "")),
        _parameters(described.get("parameters", [])),
    ]
    body = described.get("requestBody", {}).get("content", {})
    parts += [f"<p>Takes {_media(media, part)}</p>" for media, part in body.items()]
    parts.append("<table><tr><th>status</th><th>answer</th></tr>")
    parts += [_response(status, part) for status, part in described["responses"].items()]
    return "".join([*parts, "</table></details>"])


def _parameters(parameters: list[Json]) -> str:
    if not parameters:
        return ""
    rows = "".join(
        f"<tr><td><code>{p['name']}</code></td><td>{p['in']}</td><td>{_type(p['schema'])}</td></tr>"
        for p in parameters
    )
    return f"<table><tr><th>parameter</th><th>in</th><th>type</th></tr>{rows}</table>"


def _media(media: str, part: Json) -> str:
    return f"<code>{media}</code>: {_type(part['schema'])}"


def _response(status: str, part: Json) -> str:
    if "$ref" in part:
        return f'<tr><td>{status}</td><td><a href="#ProblemDetails">problem</a></td></tr>'
    gives = ", ".join(_media(m, p) for m, p in part.get("content", {}).items())
    return f"<tr><td>{status}</td><td>{gives or escape(part['description'])}</td></tr>"


def _messages(live: Json) -> list[str]:
    messages: Json = live["components"]["messages"]
    groups: dict[str, list[str]] = {"commands": [], "events": [], "signals": [], "control": []}
    for key, message in messages.items():
        if key.endswith(".ack"):
            continue
        kind, _, type_ = key.partition(".")
        if type_:
            body = message["payload"]["properties"]["body"]
            groups[f"{kind}s"].append(_row(type_, _type(body), message["summary"]))
        elif f"{key}.ack" in messages:
            answer = messages[f"{key}.ack"]["payload"]["oneOf"][0]["properties"]["data"]
            taken = f"{_type(message['payload'])} → {_type(answer)}"
            groups["commands"].append(_row(key, taken, message["summary"]))
        else:
            groups["control"].append(_row(key, _type(message["payload"]), ""))
    return [
        f'<section id="{kind}"><h2>{kind}</h2><table>{"".join(rows)}</table></section>'
        for kind, rows in groups.items()
    ]


def _row(name: str, types: str, text: str) -> str:
    return f"<tr><td><code>{name}</code></td><td>{types}</td><td>{_inline(text)}</td></tr>"


def _model(name: str, schema: Json) -> str:
    required: list[str] = schema.get("required", [])
    rows = "".join(
        f"<tr><td><code>{field}</code>{'' if field in required else ' <i>optional</i>'}</td>"
        f"<td>{_type(part)}</td><td>{_inline(part.get('description', ''))}</td></tr>"
        for field, part in schema.get("properties", {}).items()
    )
    table = f"<table>{rows}</table>" if rows else "<p>No fields.</p>"
    about = _prose(schema.get("description", ""))
    return f'<article id="{name}"><h3>{name}</h3>{about}{table}</article>'


def _type(schema: Any) -> str:
    found = _REF.search(schema.get("$ref", ""))
    if found:
        return f'<a href="#{found[1]}">{found[1]}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if "enum" in schema:
        return " ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    return escape(str(schema.get("type", "anything"))) + _bounds(schema)


def _bounds(schema: Json) -> str:
    least = schema.get("minLength", schema.get("minimum"))
    most = schema.get("maxLength", schema.get("maximum"))
    if most is None or most == 2**53 - 1:
        return f" <small>from {least}</small>" if least else ""
    return f" <small>{least or 0} to {most}</small>"


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    """The little Markdown that docstrings have: code and bold."""
    safe = escape(text, quote=False)
    safe = re.sub(r"``?([^`]+)``?", r"<code>\1</code>", safe)
    return re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", safe)
