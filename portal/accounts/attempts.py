"""How often one may try, over all nodes: by person and by network address."""

from __future__ import annotations

from portal.context import Context
from portal.errors import too_many

FIVE_MINUTES = 300.0
HOUR = 3600.0


async def limit_log_ins(context: Context, email_key: str) -> None:
    """Raises 429 when a person's, or a network address's, log-ins are used up."""
    limits = context.limits
    await _hit(context, f"log-in:{context.portal_id}:{email_key}", limits.attempts_log_in)
    await _hit(context, f"log-in-from:{context.caller.address}", limits.attempts_caller)


async def forget_log_ins(context: Context, email_key: str) -> None:
    """A log-in that worked does not count."""
    await context.services.limiter.clear(f"log-in:{context.portal_id}:{email_key}")


async def limit_secrets(context: Context) -> None:
    """Raises 429 when a network address tries many secrets."""
    await _hit(context, f"secret-from:{context.caller.address}", context.limits.attempts_caller)


async def limit_mails(context: Context, email_key: str) -> None:
    """Raises 429 when an address was sent many mails that nobody logged in asked for."""
    key = f"mail:{context.portal_id}:{email_key}"
    await _hit(context, key, context.limits.attempts_mail, HOUR)


async def limit_sign_ups(context: Context) -> None:
    """Raises 429 when a network address signs up many portals."""
    key = f"sign-up-from:{context.caller.address}"
    await _hit(context, key, context.limits.attempts_sign_up, HOUR)


async def _hit(context: Context, key: str, limit: int, seconds: float = FIVE_MINUTES) -> None:
    wait = await context.services.limiter.hit(key, limit, seconds)
    if wait:
        raise too_many("Too many attempts; wait a little and try again.", wait)
