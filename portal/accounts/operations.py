"""What accounts do and tell."""

from __future__ import annotations

from portal.accounts import (
    accepting,
    credentials,
    invitations,
    log_in,
    model,
    own_sessions,
    people,
    portals,
    sign_up,
)
from portal.model import Done, EventBody, Nothing, SignalBody
from portal.operation import ADMINS, EVERYONE, AnyOperation, command, query

# Before log-in, over REST only: a socket belongs to a session.
PUBLIC: tuple[AnyOperation, ...] = (
    command(
        "sign_up", sign_up.sign_up, model.SignUp, model.Door, "Sign up a portal.", "public", False
    ),
    command(
        "find_portals",
        log_in.find_portals,
        model.FindPortals,
        model.Doors,
        "Log in by e-mail at the bare address.",
        "public",
        False,
    ),
    query(
        "look_at_portal",
        portals.look_at_portal,
        Nothing,
        model.PortalView,
        "What the log-in page shows.",
        "public",
        False,
    ),
    command(
        "log_in", log_in.log_in, model.LogIn, model.LoggedIn, "Log in to a portal.", "public", False
    ),
    command(
        "enter",
        log_in.enter,
        model.Enter,
        model.LoggedIn,
        "Log in by a ticket from the bare address.",
        "public",
        False,
    ),
    command(
        "request_reset",
        credentials.request_reset,
        model.RequestReset,
        Done,
        "Ask for a new password by mail.",
        "public",
        False,
    ),
    command(
        "reset_password",
        credentials.reset_password,
        model.Reset,
        Done,
        "Set a new password by the mailed link.",
        "public",
        False,
    ),
    command(
        "confirm_email",
        credentials.confirm_email,
        model.ConfirmEmail,
        Done,
        "Confirm an e-mail address.",
        "public",
        False,
    ),
    command(
        "look_at_invitation",
        accepting.look_at_invitation,
        model.LookAtInvitation,
        model.InvitationView,
        "What an invitation is for.",
        "public",
        False,
    ),
    command(
        "accept_invitation",
        accepting.accept_invitation,
        model.AcceptInvitation,
        model.LoggedIn,
        "Join a portal.",
        "public",
        False,
    ),
)

MINE: tuple[AnyOperation, ...] = (
    command("log_out", log_in.log_out, Nothing, Done, "Log out.", EVERYONE, False),
    query("get_me", people.get_me, Nothing, model.MeAnswer, "Who am I."),
    command(
        "update_profile",
        people.update_profile,
        model.UpdateProfile,
        model.MeAnswer,
        "Change my profile.",
    ),
    command(
        "change_password",
        credentials.change_password,
        model.ChangePassword,
        Done,
        "Change my password.",
    ),
    command(
        "resend_confirmation",
        credentials.resend_confirmation,
        Nothing,
        Done,
        "Mail the confirmation link again.",
    ),
    query("list_sessions", own_sessions.list_sessions, Nothing, model.Sessions, "My sessions."),
    command(
        "end_session", own_sessions.end_session, model.EndSession, Done, "End one of my sessions."
    ),
    command(
        "end_other_sessions",
        own_sessions.end_other_sessions,
        Nothing,
        Done,
        "End all my other sessions.",
    ),
)

OURS: tuple[AnyOperation, ...] = (
    query("get_portal", portals.get_portal, Nothing, model.PortalAnswer, "The portal."),
    command(
        "rename_portal",
        portals.rename_portal,
        model.RenamePortal,
        model.PortalAnswer,
        "Rename the portal.",
        ADMINS,
    ),
    query("list_people", people.list_people, Nothing, model.People, "Whom I may know."),
    query("get_person", people.get_person, model.GetPerson, model.PersonAnswer, "One of them."),
    command("set_role", people.set_role, model.SetRole, model.PersonAnswer, "Set a role.", ADMINS),
    command(
        "deactivate",
        people.deactivate,
        model.Deactivate,
        model.PersonAnswer,
        "Shut someone out.",
        ADMINS,
    ),
    command(
        "reactivate",
        people.reactivate,
        model.Reactivate,
        model.PersonAnswer,
        "Let someone in again.",
        ADMINS,
    ),
    command(
        "invite",
        invitations.invite,
        model.Invite,
        model.Invitations,
        "Invite people by mail.",
        ADMINS,
    ),
    query(
        "list_invitations",
        invitations.list_invitations,
        Nothing,
        model.Invitations,
        "The open invitations.",
        ADMINS,
    ),
    command(
        "close_invitation",
        invitations.close_invitation,
        model.CloseInvitation,
        Done,
        "Close an invitation.",
        ADMINS,
    ),
    query(
        "get_invitation_link",
        invitations.get_invitation_link,
        Nothing,
        model.InvitationLink,
        "The invitation link.",
        ADMINS,
    ),
    command(
        "open_invitation_link",
        invitations.open_invitation_link,
        model.OpenLink,
        model.InvitationLink,
        "Open the invitation link.",
        ADMINS,
    ),
    command(
        "close_invitation_link",
        invitations.close_invitation_link,
        Nothing,
        model.InvitationLink,
        "Close the invitation link.",
        ADMINS,
    ),
)

OPERATIONS: tuple[AnyOperation, ...] = (*PUBLIC, *MINE, *OURS)

EVENTS: tuple[type[EventBody], ...] = (
    model.PersonJoined,
    model.PersonChanged,
    model.MeChanged,
    model.PortalChanged,
    model.SessionStarted,
    model.SessionEnded,
    model.InvitationsChanged,
)

SIGNALS: tuple[type[SignalBody], ...] = ()
