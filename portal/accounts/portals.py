"""The portal itself: its name and address."""

from __future__ import annotations

from portal import audience, audit
from portal.accounts.model import PortalAnswer, PortalChanged, PortalView, RenamePortal
from portal.accounts.views import load_portal, load_user
from portal.context import Context, record
from portal.errors import forbidden
from portal.model import Nothing
from storage import accounts
from storage.commit import Tx


async def look_at_portal(context: Context, _request: Nothing) -> PortalView:
    """What the log-in page shows."""
    async with context.read() as statements:
        portal = await accounts.portal(statements, context.portal)
    return PortalView(name=portal.name, address=portal.address)


async def get_portal(context: Context, _request: Nothing) -> PortalAnswer:
    """The portal."""
    async with context.read() as statements:
        return PortalAnswer(portal=await load_portal(statements, context))


async def rename_portal(context: Context, request: RenamePortal) -> PortalAnswer:
    """Gives the portal another name."""

    async def change(tx: Tx) -> PortalAnswer:
        if (await load_user(tx, context)).role != "admin":
            raise forbidden("Your role does not allow this.")
        if (await accounts.portal(tx, tx.portal_id)).name != request.name:
            await accounts.rename_portal(tx, tx.portal_id, request.name)
            record(tx, audience.EVERYBODY, PortalChanged(name=request.name))
            await audit.note(tx, context, "rename_portal", detail=request.name)
        return PortalAnswer(portal=await load_portal(tx, context))

    return await context.commit(change)
