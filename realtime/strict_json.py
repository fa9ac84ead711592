"""The JSON of the wire: what is ambiguous or not JSON is not let through."""

from __future__ import annotations

import json
from typing import Any


class StrictJson:
    """Stands in for the module ``json`` in python-socketio.

    A name given twice leaves a mark that no model has a field for, so that the answer names it.
    """

    @staticmethod
    def dumps(value: Any, **options: Any) -> str:
        """Encodes, as the libraries ask for it."""
        return json.dumps(value, **options)

    @staticmethod
    def loads(text: str | bytes, **options: Any) -> Any:
        """Decodes; raises ValueError only."""
        try:
            return json.loads(text, object_pairs_hook=_pairs, parse_constant=_refuse)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Names come back in answers, where half a character could not be encoded.
    pairs = [(name.encode(errors="replace").decode(), value) for name, value in pairs]
    values = dict(pairs)
    if len(values) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                values[f"{name} (given twice)"] = None
            seen.add(name)
    return values


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
