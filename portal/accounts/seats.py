"""How many active people a portal's plan holds."""

from __future__ import annotations

from portal.accounts.views import people_limit
from portal.errors import conflict
from portal.limits import Limits
from storage import accounts
from storage.commit import Tx


async def check_seat(tx: Tx, limits: Limits) -> None:
    """Raises 409 when one more active person does not fit. The portal's one writer asks."""
    portal = await accounts.portal(tx, tx.portal_id)
    most = people_limit(limits, portal.plan)
    if await accounts.count_active(tx, tx.portal_id) >= most:
        raise conflict(
            "plan-full",
            f"The plan {portal.plan} holds {most} active people, and all places are taken.",
        )
