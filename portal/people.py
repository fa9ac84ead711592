"""People as models, and whom one may know."""

from __future__ import annotations

from typing import cast

from portal.accounts.model import Person
from portal.context import Role
from storage.accounts import UserRow
from storage.people import PersonRow


def picture_path(user_id: int, key: str | None) -> str | None:
    """Where a person's picture is served; a new picture has a new address."""
    if key is None:
        return None
    version = key.rsplit("/", 1)[-1].partition(".")[0][:16]
    return f"/api/v1/people/{user_id}/picture?v={version}"


def to_person(row: PersonRow | UserRow) -> Person:
    """A user as others see them."""
    return Person(
        id=row.id,
        name=row.name,
        title=row.title,
        picture=picture_path(row.id, row.picture),
        role=cast(Role, row.role),
        active=row.active,
    )
