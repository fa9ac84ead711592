"""A world on a running server, with a raw observer for everybody in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from portal.catalogue import OPERATIONS
from tests.walk.observer import Observer
from tests.walk.rest import Rest, host_for
from tests.walk.serving import Served
from tests.walk.world import Someone, World, make_world

# Everybody who can connect. The last is in the other portal.
OBSERVERS = ("admin", "member", "phone", "outsider", "guest", "former", "stranger")


@dataclass
class Live:
    """Everybody connected, and the ways to do something."""

    served: Served
    world: World
    observers: dict[str, Observer]

    @property
    def rest(self) -> Rest:
        """The REST door of the same server."""
        return self.served.rest

    def someone(self, name: str) -> Someone:
        """A person of the world, by the name of their observer."""
        return self.world.stranger if name == "stranger" else self.world.ours.people[name]

    def thing(self, name: str) -> Any:
        """The id of a thing of our portal."""
        return getattr(self.world.ours.things, name)

    async def do(self, by: str, name: str, /, **given: Any) -> dict[str, Any]:
        """Somebody calls an operation, over the socket where that is possible."""
        resolved = {key: self._resolve(value) for key, value in given.items()}
        if OPERATIONS[name].socket:
            return await self.observers[by].do(name, **resolved)
        return await self._over_rest(name, resolved, self.someone(by).token)

    async def public(self, name: str, /, **given: Any) -> dict[str, Any]:
        """Somebody without a session calls an operation."""
        return await self._over_rest(name, given, None)

    async def _over_rest(self, name: str, given: dict[str, Any], token: str | None) -> Any:
        host = host_for(name, self.world.ours.host)
        answer = await self.rest.call(name, given, host=host, token=token)
        assert answer.is_success, answer.text
        return answer.json()

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolve(item) for item in value]
        named = isinstance(value, str) and value.startswith("$")
        return self.thing(value[1:]) if named else value

    def forget(self) -> None:
        """Everybody begins a new page."""
        for observer in self.observers.values():
            observer.forget()

    async def settle(self) -> None:
        """Returns when everybody got all that was said before.

        Each user changes their language: an event for that user alone, behind all others in the
        log. When it came, whatever was for that connection has come before it.
        """
        await asyncio.gather(*(self._settle(name) for name in self.observers if name != "phone"))

    async def _settle(self, name: str) -> None:
        devices = [self.observers[name]]
        if name == "member":
            devices.append(self.observers["phone"])
        language = await self._change_language(name)
        for device in devices:
            if language is None:
                await device.until_cut()
                continue

            def came(device: Observer = device) -> bool:
                if not device.events or device.events[-1]["type"] != "me_changed":
                    return False
                return device.events[-1]["body"]["me"]["language"] == language

            await device.until(came, "the last event")
            device.events.pop()

    async def _change_language(self, name: str) -> str | None:
        """The new language; None when the user may change nothing any more."""
        side = self.world.theirs if name == "stranger" else self.world.ours
        token = self.someone(name).token
        me = await self.rest.call("get_me", {}, host=side.host, token=token)
        if me.status_code == 401:
            return None
        other = "en" if me.json()["me"]["language"] == "fi" else "fi"
        fields = {"language": other}
        answer = await self.rest.call("update_profile", fields, host=side.host, token=token)
        assert answer.is_success, answer.text
        return other


@asynccontextmanager
async def open_live(served: Served) -> AsyncIterator[Live]:
    """A new world, with everybody connected."""
    world = await make_world(served.house)
    live = Live(served, world, {})
    async with AsyncExitStack() as stack:
        for name in OBSERVERS:
            live.observers[name] = Observer(name, served.url, live.someone(name).token)
            stack.push_async_callback(live.observers[name].close)
        await asyncio.gather(*(observer.connect() for observer in live.observers.values()))
        # Everybody looks at everybody, also at those of whom they may not know.
        everybody = [live.someone(name).id for name in OBSERVERS]
        for observer in live.observers.values():
            await observer.do("watch_presence", user_ids=everybody)
        await live.settle()
        live.forget()
        yield live
