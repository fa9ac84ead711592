"""What the command line does to portals, by the same actions as everybody else."""

from __future__ import annotations

import secrets

from pydantic import ValidationError

from portal import catalogue
from portal.accounts.model import Door, Invitations, Invite, People, SignUp
from portal.context import Actor, Context, Role, Services
from portal.errors import Problem, from_validation, not_found
from portal.model import Nothing


async def create_portal(
    services: Services, name: str, address: str, email: str, person: str
) -> str:
    """Makes a portal; returns what to tell its first admin."""
    password = secrets.token_urlsafe(12)
    try:
        asked = SignUp(company=name, email=email, password=password, name=person, address=address)
    except ValidationError as error:
        raise _in_words(from_validation(error)) from None
    door: Door = await catalogue.OPERATIONS["sign_up"].call(Context(services), asked)
    return (
        f"{door.portal.name} is at {door.portal.url}\n"
        f"  e-mail    {email}\n"
        f"  password  {password}   (shown only now; change it in the profile)"
    )


async def invite_users(services: Services, address: str, emails: list[str], role: Role) -> str:
    """Mails invitations in the name of the portal's first admin."""
    portal_id = await services.shards.find(address)
    if portal_id is None:
        raise not_found("portal")
    try:
        asked = Invite(emails=emails, role=role)
    except ValidationError as error:
        raise _in_words(from_validation(error)) from None
    context = await _as_admin(services, portal_id)
    answer: Invitations = await catalogue.OPERATIONS["invite"].call(context, asked)
    return f"Invited {', '.join(emails)}; {len(answer.invitations)} invitations are open."


async def _as_admin(services: Services, portal_id: int) -> Context:
    nobody = Context(services, portal_id, Actor(portal_id, 0, "admin", 0))
    people: People = await catalogue.OPERATIONS["list_people"].call(nobody, Nothing())
    admins = [person.id for person in people.people if person.role == "admin" and person.active]
    return Context(services, portal_id, Actor(portal_id, min(admins), "admin", 0))


def _in_words(problem: Problem) -> Problem:
    """The command line shows only the detail: let it say what is wrong."""
    errors = [f"{error.field}: {error.message}" for error in problem.details.errors]
    return Problem(422, "invalid", "The request has mistakes", "; ".join(errors))
