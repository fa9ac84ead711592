"""Portals and users as models."""

from __future__ import annotations

from typing import cast

from portal.accounts.model import Language, Me, PortalInfo
from portal.addresses import portal_url
from portal.context import Context
from portal.errors import unauthorized
from portal.limits import Limits
from portal.people import to_person
from storage import accounts
from storage.accounts import PortalRow, UserRow
from storage.database import Statements


def to_me(row: UserRow) -> Me:
    """A user as they see themselves."""
    return Me(
        **to_person(row).model_dump(),
        email=row.email,
        confirmed=row.confirmed_at is not None,
        language=cast(Language, row.language),
    )


def people_limit(limits: Limits, plan: str) -> int:
    """How many active people a plan holds."""
    return limits.plan_free_people if plan == "free" else limits.people


def portal_info(context: Context, row: PortalRow) -> PortalInfo:
    """A portal as its people see it."""
    return PortalInfo(
        id=row.id,
        name=row.name,
        address=row.address,
        url=portal_url(context.services.public_url, row.address),
        plan=row.plan,
        people_limit=people_limit(context.limits, row.plan),
    )


async def load_portal(statements: Statements, context: Context) -> PortalInfo:
    """The portal of the request."""
    return portal_info(context, await accounts.portal(statements, context.portal))


async def load_user(statements: Statements, context: Context) -> UserRow:
    """The caller's own row; raises 401 when they were deactivated meanwhile."""
    row = await accounts.user(statements, context.portal, context.me.user_id)
    if row is None or not row.active:
        raise unauthorized()
    return row
