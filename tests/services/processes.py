"""Processes that tests start, wait for, break and end."""

import atexit
import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


class NotReady(Exception):
    """A process ended, or took too long, before it could do its work."""


def wait_until(condition: Callable[[], bool], *, within: float, what: str) -> None:
    """Return as soon as the condition holds; raise NotReady after `within` seconds."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise NotReady(f"{what}: not within {within:g} s")
        time.sleep(0.02)


class Service(ABC):
    """One server process, with its data and its log in one folder.

    It can be stopped, killed, frozen and started again on the same data and address. Signals go
    to the process that `start` made and to its children, never to anything found by name.
    """

    name = "service"
    #: Seconds that a start may take; generous, because test machines are busy.
    start_within = 60.0
    #: Seconds after SIGTERM before the process is killed instead.
    stop_within = 20.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The program and its arguments."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the running process answers."""

    def prepare(self) -> None:  # noqa: B027 - most services need nothing
        """Make what the first start needs; called before each start."""

    def environment(self) -> Mapping[str, str] | None:
        """The environment of the process; None for that of the tests."""
        return None

    @property
    def pid(self) -> int:
        """The process id; only while it runs."""
        if self._process is None:
            raise NotReady(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start the process and return when it is ready."""
        self.launch()
        self.wait_ready()
        return self

    def launch(self) -> None:
        """Start the process, and do not wait."""
        if self.running:
            raise RuntimeError(f"{self.name} is running already")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(word) for word in self.command()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment(),
                # A group of its own: Ctrl-C in the terminal reaches the tests only, which then
                # end their services in order.
                start_new_session=True,
            )
        atexit.register(self.kill)

    def wait_ready(self) -> None:
        """Return when the process answers; raise NotReady with its last lines if it does not."""

        def ready_or_ended() -> bool:
            return not self.running or self.is_ready()

        try:
            wait_until(ready_or_ended, within=self.start_within, what=f"{self.name} answers")
            if not self.running:
                raise NotReady(f"{self.name} ended with {self.exit_code} while it started")
        except NotReady as problem:
            self.kill()
            raise NotReady(f"{problem}\n{self.last_lines()}") from None

    @property
    def exit_code(self) -> int | None:
        """How the process ended: its code, or minus the signal; None while it runs."""
        return None if self._process is None else self._process.poll()

    def stop(self) -> None:
        """End the process in order (SIGTERM); kill it if it does not end in time."""
        if self._process is not None and self.running:
            self._signal(signal.SIGCONT)
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self.stop_within)
        self.kill()

    def kill(self) -> None:
        """End the process and its children at once, as a power cut would (SIGKILL)."""
        if self._process is None:
            return
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._process = None
        atexit.unregister(self.kill)

    def pause(self) -> None:
        """Freeze the process: its connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        self._signal(signal.SIGCONT)

    def restart(self) -> Self:
        """Stop and start again, on the same data and address."""
        self.stop()
        return self.start()

    def last_lines(self, count: int = 30) -> str:
        """The end of the log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def _signal(self, number: signal.Signals) -> None:
        # The group outlives its leader while children are left, so that they are reached too.
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
