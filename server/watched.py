"""Serves ``/metrics``, and the admin UI where it is wanted, on an address for operators."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn

from realtime.tasks import stop
from server.app import Server
from server.loop_lag import watch
from server.settings import AdminUi
from storage.measure import Histogram

if TYPE_CHECKING:
    from server.admin_ui import AdminBoard


class _Quiet(uvicorn.Server):
    """Leaves signals to the server that people use."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def watched(
    server: Server, listening: socket.socket | None, admin_ui: AdminUi | None = None
) -> AsyncGenerator[None]:
    """``listening`` is the socket for operators; None for no metrics."""
    if listening is None:
        yield
        return
    from server.metrics import metrics_app  # takes a moment to load, and most do not want it

    lag = Histogram()
    app: Any = metrics_app(server, lag)
    board = _board(server, admin_ui)
    if board is not None:
        app = board.app(app)
    metrics = _Quiet(uvicorn.Config(app, lifespan="off", access_log=False, log_config=None))
    serving = asyncio.create_task(metrics.serve([listening]))
    watching = asyncio.create_task(watch(lag))
    try:
        yield
    finally:
        if board is not None:
            await board.close()
        metrics.should_exit = metrics.force_exit = True
        await serving
        await stop([watching])


def _board(server: Server, settings: AdminUi | None) -> AdminBoard | None:
    if settings is None:
        return None
    from server.admin_ui import AdminBoard  # likewise

    return AdminBoard(server, settings)
