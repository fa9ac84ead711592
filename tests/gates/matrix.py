"""Who may do what, to what: the status that each caller gets, in one table.

A row is an operation of the catalogue (or a route of bytes), aimed at the thing that its example
in `tests.walk.examples` names; ``operation@case`` aims it at another thing of the same portal.
`tests.walk.world` says who is who:

admin       in the group room, not in the direct one, and not among the people of the post
member      made the group room, wrote the posts and messages, has a phone beside this session
outsider    a member in the direct room, chosen for the post to people, not in the group room
guest       in the group room only, and chosen for the post to people
former      a member who was removed from the group room

Who is not logged in, the other portal's admin, whose session is good over there, and a
deactivated user get 401 for every row of TABLE.

``elsewhere`` is for a thing of the other portal and for a thing that never was: the same status,
and the same body to the byte. ``-`` means that the request names nothing. ``403!`` is a refusal by
role alone, which comes before anything is looked up, so it is 403 elsewhere too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ROLES = ("admin", "member", "outsider", "guest", "former")

PUBLIC = """
# Before log-in: who asks makes no difference.
#                        here    elsewhere
sign_up                  201     -
find_portals             200     -
log_in                   201     401
enter                    201     401
request_reset            202     202
reset_password           200     410
confirm_email            200     410
look_at_portal           200     -
look_at_invitation       200     410
look_at_invitation@link  200     410
accept_invitation        201     410
accept_invitation@link   201     410
"""

TABLE = """
#                           admin  member outsider guest  former  elsewhere
log_out                     200    200    200      200    200     -
get_me                      200    200    200      200    200     -
update_profile              200    200    200      200    200     -
set_picture                 200    200    200      200    200     -
remove_picture              200    200    200      200    200     -
read_picture                200    200    200      200    200     404
list_outbox                 200    403!   403!     403!   403!    -
read_picture@unknown        200    200    200      404    200     404
change_password             200    200    200      200    200     -
resend_confirmation         200    200    200      200    200     -
list_sessions               200    200    200      200    200     -
end_session                 404    200    404      404    404     404
end_other_sessions          200    200    200      200    200     -

get_portal                  200    200    200      200    200     -
rename_portal               200    403!   403!     403!   403!    -
list_people                 200    200    200      200    200     -
get_person                  200    200    200      404    200     404
get_person@of_my_room       200    200    200      200    200     404
get_person@deactivated      200    200    200      404    200     404
set_role                    200    403!   403!     403!   403!    404
set_role@last_admin         409    403!   403!     403!   403!    404
deactivate                  200    403!   403!     403!   403!    404
deactivate@last_admin       409    403!   403!     403!   403!    404
reactivate                  200    403!   403!     403!   403!    404

invite                      201    403!   403!     403!   403!    -
list_invitations            200    403!   403!     403!   403!    -
close_invitation            200    403!   403!     403!   403!    404
open_invitation_link        200    403!   403!     403!   403!    -
close_invitation_link       200    403!   403!     403!   403!    -
get_invitation_link         200    403!   403!     403!   403!    -

list_connections            200    403!   403!     403!   403!    -
end_user_sessions           200    403!   403!     403!   403!    404
list_audit                  200    403!   403!     403!   403!    -

list_rooms                  200    200    200      200    200     -
get_room                    200    200    404      200    404     404
get_room@direct             404    200    200      404    404     404
open_direct_room            200    200    200      404    422     404
open_direct_room@of_my_room 200    422    200      200    200     404
create_room                 201    201    201      403!   201     422
create_room@of_my_room      201    201    201      403!   201     422
rename_room                 200    200    404      403    404     404
rename_room@direct          404    409    409      404    404     404
add_members                 200    200    404      403    404     404
add_members@direct          404    409    409      404    404     404
remove_member               200    200    404      403    404     404
remove_member@direct        404    409    409      404    404     404
leave_room                  200    200    404      200    404     404
leave_room@direct           404    409    409      404    404     404
send_message                201    201    404      201    404     404
send_message@direct         404    201    201      404    404     404
send_message@portal_talk    201    201    201      404    201     404
send_message@people_talk    404    201    201      201    404     404
edit_message                403    200    404      403    404     404
edit_message@direct         404    200    403      404    404     404
edit_message@comment        403    403    200      404    403     404
delete_message              200    200    404      403    404     404
delete_message@direct       404    200    403      404    404     404
delete_message@comment      200    403    200      404    403     404
react                       200    200    404      200    404     404
react@direct                404    200    200      404    404     404
react@comment               200    200    200      404    200     404
unreact                     200    200    404      200    404     404
unreact@direct              404    200    200      404    404     404
unreact@comment             200    200    200      404    200     404
list_messages               200    200    404      200    404     404
list_messages@direct        404    200    200      404    404     404
list_messages@portal_talk   200    200    200      404    200     404
list_messages@people_talk   404    200    200      200    404     404
mark_read                   200    200    404      200    404     404
mark_read@direct            404    200    200      404    404     404

create_post                 201    201    201      403!   422     422
create_post@portal          201    201    201      403!   201     -
edit_post                   403    200    403      404    403     404
edit_post@people            404    200    403      403    404     404
delete_post                 200    200    403      404    403     404
delete_post@people          404    200    403      403    404     404
get_post                    200    200    200      404    200     404
get_post@people             404    200    200      200    404     404
like_post                   200    200    200      404    200     404
like_post@people            404    200    200      200    404     404
unlike_post                 200    200    200      404    200     404
unlike_post@people          404    200    200      200    404     404
list_posts                  200    200    200      200    200     -
mark_feed_read              200    200    200      200    200     -

set_presence                200    200    200      200    200     -
watch_presence              200    200    200      200    200     -
typing                      200    200    404      200    404     404
typing@direct               404    200    200      404    404     404
typing@people_talk          404    200    200      200    404     404
list_presence               200    200    200      200    200     -

get_snapshot                200    200    200      200    200     -
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What each caller gets."""

    name: str
    roles: Mapping[str, int]
    # Refused by role, whatever the request names.
    by_role: frozenset[str]
    elsewhere: int | None

    @property
    def operation(self) -> str:
        """The operation, without the case."""
        return self.name.partition("@")[0]


@dataclass(frozen=True, slots=True)
class PublicRow:
    """What everybody gets."""

    name: str
    here: int
    elsewhere: int | None

    @property
    def operation(self) -> str:
        """The operation, without the case."""
        return self.name.partition("@")[0]


def _lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines() if line and not line.startswith("#")]


def _status(cell: str) -> int | None:
    return None if cell == "-" else int(cell.rstrip("!"))


def _row(name: str, *cells: str) -> Row:
    *own, elsewhere = cells
    by_role = dict(zip(ROLES, own, strict=True))
    return Row(
        name=name,
        roles={role: int(cell.rstrip("!")) for role, cell in by_role.items()},
        by_role=frozenset(role for role, cell in by_role.items() if cell.endswith("!")),
        elsewhere=_status(elsewhere),
    )


PUBLIC_ROWS = {
    name: PublicRow(name, int(here), _status(elsewhere)) for name, here, elsewhere in _lines(PUBLIC)
}
ROWS = {cells[0]: _row(*cells) for cells in _lines(TABLE)}
