"""The command line: ``talkoo``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Coroutine, Sequence
from importlib.metadata import version
from typing import Any, NoReturn

import uvloop

from portal.errors import Problem
from server import logging
from server.settings import Settings, SettingsError, load

_EPILOG = """\
Settings come from talkoo.toml (or the file that TALKOO_CONFIG names) and from the environment
(TALKOO_...), which wins; docs/settings.md lists them. Without any, Talkoo is one process with
SQLite and keeps everything in the folder var/.
"""


def main(words: Sequence[str] | None = None) -> None:
    """Runs one command; ends the process with 0, or with 1 or 2 and a reason."""
    arguments = _parser().parse_args(words)
    if arguments.command == "version":
        print(f"Talkoo {version('talkoo')}")
        return
    try:
        settings = load()
    except SettingsError as error:
        _end(f"the settings are wrong\n{_indented(str(error))}", 2)
    logging.set_up(settings.log_level, settings.log_format)
    try:
        _run(arguments.run(settings, arguments))
    except KeyboardInterrupt:
        sys.exit(130)
    except Problem as problem:
        _end(problem.details.detail)
    except Exception as error:
        from server.failures import explain

        reason = explain(error, settings)
        if reason is None:
            raise
        _end(reason)


def _run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


def _end(reason: str, code: int = 1) -> NoReturn:
    print(f"talkoo: {reason}", file=sys.stderr)
    sys.exit(code)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


# --- The commands ----------------------------------------------------------------------------
# Each imports what it needs: `talkoo version` must not wait for boto3.


async def _serve(settings: Settings, arguments: argparse.Namespace) -> None:
    from server.serve import greet, serve
    from server.workers import Inheritance, Workers, open_slots, require_sharing

    if arguments.migrate:
        await _migrate(settings, arguments)
    if arguments.as_worker is not None:
        inherited = Inheritance.parse(arguments.as_worker)
        await serve(settings.of_worker(inherited.number), inherited)
    elif arguments.workers == 1:
        await serve(settings)
    else:
        require_sharing(settings)
        workers = Workers(open_slots(settings, arguments.workers), lambda: greet(settings))
        sys.exit(await workers.run())


async def _migrate(settings: Settings, arguments: argparse.Namespace) -> None:
    from server.parts import open_shards, trees
    from storage.migrate import migrate

    shards = open_shards(settings)
    try:
        for name, database, tree in trees(shards):
            applied = await migrate(database, tree)
            print(f"{name}: {', '.join(applied) if applied else 'up to date'}")
    finally:
        await shards.close()


async def _demo(settings: Settings, arguments: argparse.Namespace) -> None:
    from server.demo import fill
    from server.parts import open_for_command

    async with open_for_command(settings) as services:
        print(await fill(services, arguments.address, arguments.days))


async def _create_portal(settings: Settings, arguments: argparse.Namespace) -> None:
    from server.administration import create_portal
    from server.parts import open_for_command

    async with open_for_command(settings) as services:
        print(
            await create_portal(
                services, arguments.name, arguments.address, arguments.email, arguments.person
            )
        )


async def _invite_user(settings: Settings, arguments: argparse.Namespace) -> None:
    from server.administration import invite_users
    from server.parts import open_for_command

    async with open_for_command(settings) as services:
        print(await invite_users(services, arguments.portal, arguments.email, arguments.role))


# --- Their words -----------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="talkoo",
        description="A real-time collaboration server for companies.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = _command(
        commands,
        "serve",
        "serve browsers and apps",
        "Serves until Ctrl-C or SIGTERM, then lets go of its clients in order. Refuses to start "
        "when a database lacks migrations.",
        _serve,
    )
    serve.add_argument(
        "--migrate", action="store_true", help="bring the databases up to date first"
    )
    serve.add_argument(
        "--workers",
        type=_count,
        default=1,
        metavar="N",
        help="processes, one for each core is best (1); more than one need Redis and a database "
        "server. SIGHUP replaces them one by one",
    )
    serve.add_argument("--as-worker", help=argparse.SUPPRESS)

    _command(
        commands,
        "migrate",
        "bring the databases up to date",
        "Applies what is missing to the directory and every shard. Old nodes may go on serving "
        "meanwhile, and several may migrate at once: one does it, the others wait.",
        _migrate,
    )

    demo = _command(
        commands,
        "demo",
        "fill a portal with a believable company",
        "Makes a portal of 24 people with rooms, some weeks of messages, and posts with comments "
        "and likes; prints log-ins. For looking around, not for production.",
        _demo,
    )
    demo.add_argument("--address", default="demo", help="the portal's address (demo)")
    demo.add_argument("--days", type=int, default=45, help="how many days it has talked (45)")

    portal = _group(commands, "portal", "make portals")
    create = _command(
        portal,
        "create",
        "make a portal",
        "Makes a portal with its first admin, and prints their password, which is shown only once.",
        _create_portal,
    )
    create.add_argument("name", help='the company: "Acme Oy"')
    create.add_argument("email", help="the first admin's e-mail address")
    create.add_argument("--address", default="", help="the portal's address (made from the name)")
    create.add_argument("--person", default="", help="the admin's name (made from the e-mail)")

    user = _group(commands, "user", "invite people")
    invite = _command(
        user,
        "invite",
        "invite people to a portal by mail",
        "Mails each an invitation in the name of the portal's first admin.",
        _invite_user,
    )
    invite.add_argument("portal", help="the portal's address: acme")
    invite.add_argument("email", nargs="+", help="whom to invite")
    invite.add_argument("--role", choices=("admin", "member", "guest"), default="member")

    _command(commands, "version", "print the version", "Prints the version.", None)
    return parser


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError("must be a number from 1 to 256")
    return int(text)


def _command(commands: Any, name: str, brief: str, text: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=brief,
        description=text,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _group(commands: Any, name: str, brief: str) -> Any:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=brief, description=brief)
    return parser.add_subparsers(dest="action", required=True, metavar="COMMAND")


if __name__ == "__main__":
    main()
