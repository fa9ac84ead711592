"""What the Host header says: which portal is meant, and under which name its cookie goes."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_ADDRESS = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def address_of(public_url: str, host: str) -> str | None:
    """The portal's address in a Host header (``acme`` in ``acme.localhost:8024``).

    None at the bare address, and at any host that is not a subdomain of the public one.
    """
    public = urlsplit(public_url)
    name, _, port = host.strip().lower().partition(":")
    if port and not port.isdigit():
        return None
    suffix = f".{(public.hostname or '').lower()}"
    if not name.endswith(suffix):
        return None
    address = name[: -len(suffix)]
    return address if len(address) <= 63 and _ADDRESS.fullmatch(address) else None


def session_cookie(public_url: str) -> str:
    """The name of the session's cookie; with https, one that no other host can set."""
    secure = urlsplit(public_url).scheme == "https"
    return "__Host-talkoo_session" if secure else "talkoo_session"


def portal_url(public_url: str, address: str) -> str:
    """The portal's own address in full: ``http://acme.localhost:8024``."""
    public = urlsplit(public_url)
    return f"{public.scheme}://{address}.{public.netloc}"
