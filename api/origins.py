"""Which web pages may have a browser send requests here."""

from __future__ import annotations

from urllib.parse import urlsplit


def own_origin(public_url: str, host: str, origin: str | None) -> bool:
    """Whether ``origin`` is the page of the very host that was asked.

    Compared whole: neither a longer name nor another port nor ``null`` is the same origin.
    """
    scheme = urlsplit(public_url).scheme
    return bool(host and origin) and str(origin).lower() == f"{scheme}://{host.lower()}"
