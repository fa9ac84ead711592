"""``talkoo serve``: listens, serves, and leaves in order."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from types import FrameType

import structlog
import uvicorn

from realtime.tasks import stop
from server.app import open_server
from server.collector import tune
from server.listening import listen
from server.settings import Settings
from server.watched import watched
from server.workers import Inheritance

logger = structlog.get_logger(__name__)

# Requests that run when the order to stop comes get this long to end.
_GRACE_SECONDS = 10


class _Listener(uvicorn.Server):
    """Lets go of the clients before uvicorn closes their connections."""

    def __init__(
        self,
        config: uvicorn.Config,
        leave: Callable[[], Coroutine[None, None, None]],
        inherited: Inheritance | None,
    ) -> None:
        super().__init__(config)
        self.leave = leave
        self.inherited = inherited
        self._hurry = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Lets signals end the serving only.

        Uvicorn's own would send them again afterwards, and so end the process before the parts
        of the house are closed.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listens; a worker tells its parent so, and leaves when the parent is gone."""
        await super().startup(sockets)
        if self.inherited is not None:
            loop, lifeline = asyncio.get_running_loop(), self.inherited.lifeline
            loop.add_reader(lifeline, self._orphaned, lifeline)
            self.inherited.tell_ready()

    def _orphaned(self, lifeline: int) -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        self.handle_exit(signal.SIGTERM, None)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Told a second time, it waits for nobody."""
        if self.should_exit:
            self._hurry.set()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called once, after SIGTERM or Ctrl-C."""
        # Whoever comes now shall come to another node.
        for server in self.servers:
            server.close()
        leaving = asyncio.create_task(self.leave())
        hurried = asyncio.create_task(self._hurry.wait())
        await asyncio.wait((leaving, hurried), return_when=asyncio.FIRST_COMPLETED)
        await stop([leaving, hurried])
        await super().shutdown(sockets)


async def serve(settings: Settings, inherited: Inheritance | None = None) -> None:
    """Serves until a signal says otherwise, alone or as a worker."""
    alone = inherited is None
    if alone:
        listening = [listen(settings.host, settings.port)]
        watch_at = listen(*settings.metrics_address) if settings.metrics_address else None
    else:
        listening, watch_at = inherited.open_sockets()
    try:
        async with _traced(settings), open_server(settings) as server:
            config = uvicorn.Config(
                server.app,
                # The lifespan is `open_server`: what fails there is told in words.
                lifespan="off",
                # Who a request is from is decided in our own middleware.
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                ws=server.node.websocket,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
            listener = _Listener(config, server.leave, inherited)
            if alone:
                greet(settings)
            logger.info("serving", address=settings.address, listen=settings.listen)
            tune()
            async with watched(server, watch_at, settings.admin_ui):
                await listener.serve(listening)
    finally:
        for one in (*listening, *([watch_at] if watch_at else ())):
            one.close()
    logger.info("stopped")


def _traced(settings: Settings) -> AbstractAsyncContextManager[None]:
    if settings.traces is None:
        return nullcontext()
    from server.tracing import traced  # its libraries are there only where they are wanted

    return traced(settings.traces, settings.node_name)


def greet(settings: Settings) -> None:
    """Says on the terminal where to go."""
    mails = "sent by SMTP" if settings.smtp else f"written to {settings.data / 'outbox'}"
    sys.stdout.write(
        f"\n  Talkoo serves on {settings.address}\n"
        f"  Sign up a portal there: {settings.address}/sign-up\n"
        f"  Mails are {mails}; the API is described at {settings.address}/api/docs\n"
        "  Ctrl-C ends it.\n\n"
    )
    sys.stdout.flush()
