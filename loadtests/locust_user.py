"""A locust user that is one person with one device.

What is measured, by locust's type and name:

    POST      log in                          over REST
    CONNECT   snapshot, catch up, resync      from the first byte to `ready`
    COMMAND   send_message, ...               from the command to its ack
    DELIVERY  message, post                   from before the command to the event at each receiver
    CHECK     nothing missing                 at the end: everything that was sent has come

Only what goes wrong is reported under CONNECT `dropped` and CHECK `in order`.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loadtests import parameters, people, stamps
from loadtests.device import Device, Trouble

if TYPE_CHECKING:
    from loadtests.locust_shapes import Environment, FastHttpUser, StopUser
else:
    from locust import FastHttpUser
    from locust.exception import StopUser

CONNECT_TRIES = 10
RETRY_SECONDS = 1.0
# How long what was sent last may take to arrive.
SETTLE_SECONDS = 10.0

_everybody: list[people.Person] = []
_taken = itertools.count()


def _next_place(environment: Environment) -> int:
    """The next person of this process; the processes of one load take them in turn."""
    worker = environment.runner.worker_index if environment.runner is not None else 0
    return max(0, worker) + next(_taken) * parameters.WORKERS


class PersonUser(FastHttpUser):
    """Comes, stays connected as browsers do, and leaves. Scenarios add what it does meanwhile."""

    abstract = True

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        if not _everybody:
            _everybody.extend(people.read(parameters.PEOPLE))
        self.place = _next_place(environment)
        # More users than people: some have a second device.
        self.person = _everybody[self.place % len(_everybody)]
        self.device = Device(self.host, self.person.token, self)

    # --- Coming and going ---------------------------------------------------------------------

    def on_start(self) -> None:
        """Begins the day."""
        if parameters.LOG_IN_ONE_IN and self.place % parameters.LOG_IN_ONE_IN == 0:
            self._log_in()
        self.come()

    def on_stop(self) -> None:
        """Ends the day, when everything has arrived."""
        if not self.device.connected:
            self._connect()
        if self.device.connected:
            self._check_nothing_missing()
            self.device.leave()

    def _log_in(self) -> None:
        wanted = {"email": self.person.email, "password": self.person.password, "token": True}
        headers = {"Host": self.person.host}
        with self.client.post(
            "/api/v1/sessions", json=wanted, headers=headers, name="log in", catch_response=True
        ) as answer:
            if answer.status_code != 201:
                answer.failure(f"status {answer.status_code}")
                raise StopUser
            self.device.token = answer.json()["token"]

    def come(self) -> None:
        """Connects unless it is connected; goes on where it was."""
        for _ in range(CONNECT_TRIES):
            if self.device.connected:
                return
            self._connect()
        if not self.device.connected:
            raise StopUser

    def _connect(self) -> None:
        began = time.perf_counter()
        try:
            how = self.device.connect()
        except Trouble as trouble:
            self.report("CONNECT", "failed", time.perf_counter() - began, trouble)
            time.sleep(RETRY_SECONDS)
        else:
            self.report("CONNECT", how, time.perf_counter() - began)

    # --- Doing --------------------------------------------------------------------------------

    def command(self, name: str, **fields: Any) -> Any:
        """Sends a command and waits for its ack; None when it failed."""
        self.come()
        began = time.perf_counter()
        try:
            data = self.device.call(name, fields)
        except Trouble as trouble:
            self.report("COMMAND", name, time.perf_counter() - began, trouble)
            return None
        self.report("COMMAND", name, time.perf_counter() - began)
        return data

    def report(
        self, kind: str, name: str, seconds: float, trouble: Exception | None = None
    ) -> None:
        """Hands a measurement to locust."""
        self.environment.events.request.fire(
            request_type=kind,
            name=name,
            response_time=seconds * 1000,
            response_length=0,
            exception=trouble,
            context={},
        )

    def _check_nothing_missing(self) -> None:
        began = time.perf_counter()
        try:
            rooms = self.device.call("list_rooms", {})["rooms"]
            while self.device.ledger.lacks(rooms):
                if time.perf_counter() - began > SETTLE_SECONDS:
                    raise Trouble("messages are missing")
                time.sleep(0.05)
        except Trouble as trouble:
            self.report("CHECK", "nothing missing", time.perf_counter() - began, trouble)
        else:
            self.report("CHECK", "nothing missing", time.perf_counter() - began)

    # --- Being told (see `loadtests.device.Owner`) --------------------------------------------

    def snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """The state to begin from."""

    def event(self, event: Mapping[str, Any], live: bool) -> None:
        """Measures what is delivered live; what came while we were away says nothing."""
        if not live:
            return
        if event["type"] == "message_sent":
            self._delivered("message", event["body"]["message"]["text"])
        elif event["type"] == "post_created":
            self._delivered("post", event["body"]["post"]["text"])

    def _delivered(self, name: str, text: str) -> None:
        seconds = stamps.age(text)
        if seconds is not None:
            self.report("DELIVERY", name, seconds)

    def wrong(self, what: str) -> None:
        """The server broke its promise."""
        self.report("CHECK", "in order", 0, Trouble(what))

    def dropped(self, reason: str) -> None:
        """The connection ended, and nobody here ended it."""
        self.report("CONNECT", "dropped", 0, Trouble(reason))
