"""What goes in and out of accounts: portals, people, log-in, sessions, invitations."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

from portal.context import Role
from portal.model import (
    Answer,
    EventBody,
    Id,
    Line,
    Model,
    OptionalLine,
    Password,
    Request,
    Secret,
    Time,
)

Language = Literal["en", "fi"]


# A company's own network may have names that the internet does not know.
SPECIAL_USE_DOMAIN_NAMES[:] = ["arpa", "invalid", "onion"]


def _email(value: str) -> str:
    try:
        return validate_email(value.strip(), check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise ValueError(f"is not an e-mail address: {error}") from error


Email = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(_email)]


# --- Things ----------------------------------------------------------------------------------


class Person(Model):
    """A user, as others in the portal see them."""

    id: Id
    name: str
    title: str
    picture: str | None = Field(description="Address of the picture, or null.")
    role: Role
    active: bool


class Me(Model):
    """The caller, with what only they see."""

    id: Id
    name: str
    title: str
    picture: str | None
    role: Role
    active: bool
    email: str
    confirmed: bool
    language: Language


class PortalInfo(Model):
    """A portal: one company's space."""

    id: Id
    name: str
    address: str = Field(description="The first part of its host name: `acme`.")
    url: str
    plan: str
    people_limit: int = Field(description="Active people that the plan holds.")


class Session(Model):
    """One log-in on one device."""

    id: Id
    device: str = Field(description="Browser and system, as the device told.")
    address: str = Field(description="Network address that it was last seen from.")
    created_at: Time
    last_seen_at: Time
    current: bool = Field(description="Whether it is the session that asks.")


class Invitation(Model):
    """An open invitation by mail."""

    id: Id
    email: str
    role: Role
    invited_by: Id
    created_at: Time
    expires_at: Time


# --- At the bare address ---------------------------------------------------------------------


class SignUp(Request):
    """Company name, e-mail and password: a portal."""

    company: Line
    email: Email
    password: Password
    name: OptionalLine = Field(
        default="", description="The person's name; else taken from the e-mail."
    )
    address: str = Field(
        default="",
        max_length=40,
        description="Wished-for address; else made from the company's name.",
    )
    language: Language = "en"


class Door(Answer):
    """The way into a portal: open ``enter_url``, or post the ticket to ``/sessions/enter``."""

    portal: PortalInfo
    ticket: str = Field(description="Good once, for a minute, at this portal only.")
    enter_url: str


class FindPortals(Request):
    """Log in at the bare address, by e-mail."""

    email: Email
    password: Secret


class Doors(Answer):
    """The portals that the e-mail and password open."""

    portals: list[Door]


# --- At the portal's address -----------------------------------------------------------------


class LogIn(Request):
    """E-mail and password for a session."""

    email: Email
    password: Secret
    token: bool = Field(
        default=False, description="Answer with a bearer token instead of a cookie."
    )
    device: OptionalLine = Field(default="", description="What to call this device in the list.")


class Enter(Request):
    """A ticket from the bare address for a session."""

    ticket: Secret
    token: bool = False
    device: OptionalLine = ""


class LoggedIn(Answer):
    """A session. Browsers get a cookie; with ``token: true`` the token is here instead."""

    me: Me
    portal: PortalInfo
    session_id: Id
    token: str | None = None


class MeAnswer(Answer):
    """The caller, the portal, and the session that asks."""

    me: Me
    portal: PortalInfo
    session_id: Id


class PortalAnswer(Answer):
    portal: PortalInfo


class PortalView(Answer):
    """What anybody at a portal's address may know."""

    name: str
    address: str


class RequestReset(Request):
    """Ask for a mail with a reset link. The answer is the same whether the address is known."""

    email: Email


class Reset(Request):
    """A new password, by the secret from the mail. Ends all sessions."""

    token: Secret
    password: Password


class ChangePassword(Request):
    """A new password, by the old one. Ends all other sessions."""

    old_password: Secret
    password: Password


class ConfirmEmail(Request):
    """Confirm the address by the secret from the mail."""

    token: Secret


class EndSession(Request):
    """End one of my sessions."""

    session_id: Id


class Sessions(Answer):
    """My live sessions, the most lately seen first."""

    sessions: list[Session]


# --- People ----------------------------------------------------------------------------------


class People(Answer):
    """People whom I may know, by name."""

    people: list[Person]


class PersonAnswer(Answer):
    person: Person


class GetPerson(Request):
    user_id: Id


class UpdateProfile(Request):
    """Only the fields given are changed."""

    name: Line | None = None
    title: OptionalLine | None = None
    language: Language | None = None


class SetRole(Request):
    user_id: Id
    role: Role


class Deactivate(Request):
    """Deactivated people cannot log in, and do not count for the plan."""

    user_id: Id


class Reactivate(Request):
    user_id: Id


class RenamePortal(Request):
    name: Line


# --- Invitations -----------------------------------------------------------------------------


class Invite(Request):
    """Mail an invitation to each address."""

    emails: list[Email] = Field(min_length=1, max_length=500)
    role: Role = "member"


class Invitations(Answer):
    """Open invitations, newest first."""

    invitations: list[Invitation]


class CloseInvitation(Request):
    invitation_id: Id


class OpenLink(Request):
    """Open the invitation link; an open one stays as it is unless the role differs."""

    role: Literal["member", "guest"] = "member"


class InvitationLink(Answer):
    """The link that anyone can join by, while it is open."""

    open: bool
    url: str | None = None
    role: Role | None = None


class LookAtInvitation(Request):
    """What an invitation is for, by its secret."""

    token: Secret


class InvitationView(Answer):
    """What the invited person is shown."""

    portal_name: str
    email: str | None = Field(description="Null for the link: then the person gives one.")
    role: Role


class AcceptInvitation(Request):
    """Join the portal."""

    token: Secret
    name: Line
    password: Password
    email: Email | None = Field(
        default=None, description="Needed with the link; else the invited one."
    )
    language: Language = "en"
    as_token: bool = Field(
        default=False, description="Answer with a bearer token instead of a cookie."
    )
    device: OptionalLine = ""


# --- Events ----------------------------------------------------------------------------------


class PersonJoined(EventBody):
    """Someone new; audience ``person:<id>``."""

    type: ClassVar[str] = "person_joined"
    person: Person


class PersonChanged(EventBody):
    """Name, title, picture, role or activity; audience ``person:<id>``."""

    type: ClassVar[str] = "person_changed"
    person: Person


class MeChanged(EventBody):
    """What only I see of myself; audience ``user:<id>``."""

    type: ClassVar[str] = "me_changed"
    me: Me


class PortalChanged(EventBody):
    """Audience ``everybody``: guests see the name too."""

    type: ClassVar[str] = "portal_changed"
    name: str


class SessionStarted(EventBody):
    """A log-in on another device; audience ``user:<id>``."""

    type: ClassVar[str] = "session_started"
    session_id: Id
    device: str
    address: str
    created_at: Time


class SessionEnded(EventBody):
    """Its connections are cut; audience ``user:<id>``."""

    type: ClassVar[str] = "session_ended"
    session_id: Id


class InvitationsChanged(EventBody):
    """Invitations or the link changed: load them again; audience ``admins``."""

    type: ClassVar[str] = "invitations_changed"
    open: int = Field(description="How many invitations are open now.")
