"""Documents and pictures: a folder when embedded, S3 in production, one interface."""

from __future__ import annotations

from typing import Protocol


class Blobs(Protocol):
    """Keeps bytes under keys that the server makes. Keys begin with the portal's id."""

    async def put(self, portal_id: int, key: str, data: bytes, content_type: str) -> None:
        """Stores bytes; they are durable when this returns."""
        ...

    async def get(self, portal_id: int, key: str) -> tuple[bytes, str] | None:
        """The bytes and their content type, or None."""
        ...

    async def remove(self, portal_id: int, key: str) -> None:
        """Forgets a key; missing ones are fine."""
        ...

    async def ready(self) -> bool:
        """Whether the store answers."""
        ...
