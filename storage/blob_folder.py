"""Blobs in a folder: the embedded default."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


class FolderBlobs:
    """Keeps each blob in a file, and its content type in one beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def put(self, portal_id: int, key: str, data: bytes, content_type: str) -> None:
        """Stores bytes; they are on the disk when this returns."""
        await asyncio.to_thread(self._put, self._path(portal_id, key), data, content_type)

    async def get(self, portal_id: int, key: str) -> tuple[bytes, str] | None:
        """The bytes and their content type, or None."""
        return await asyncio.to_thread(self._get, self._path(portal_id, key))

    async def remove(self, portal_id: int, key: str) -> None:
        """Forgets a key; missing ones are fine."""
        await asyncio.to_thread(self._remove, self._path(portal_id, key))

    async def ready(self) -> bool:
        """Whether the folder can be written."""
        return await asyncio.to_thread(self._writable)

    def _path(self, portal_id: int, key: str) -> Path:
        root = self.folder / str(portal_id)
        path = (root / key).resolve()
        # Keys are made by the server; one that leaves the portal's folder is a fault.
        if not path.is_relative_to(root.resolve()):
            raise ValueError(f"the key {key!r} leaves its portal")
        return path

    def _put(self, path: Path, data: bytes, content_type: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(_type_of(path), content_type.encode())
        _write(path, data)

    def _get(self, path: Path) -> tuple[bytes, str] | None:
        try:
            return path.read_bytes(), _type_of(path).read_text()
        except FileNotFoundError:
            return None

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        _type_of(path).unlink(missing_ok=True)

    def _writable(self) -> bool:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            return False
        return os.access(self.folder, os.W_OK)


def _type_of(path: Path) -> Path:
    return path.with_name(path.name + ".type")


def _write(path: Path, data: bytes) -> None:
    """Writes beside and renames, so that nobody ever reads half a file."""
    part = path.with_name(path.name + f".{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
