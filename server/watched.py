"""Serves ``/metrics`` on an address of its own while the server runs."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from realtime.tasks import stop
from server.app import Server
from server.loop_lag import watch
from storage.measure import Histogram


class _Quiet(uvicorn.Server):
    """Leaves signals to the server that people use."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def watched(server: Server, listening: socket.socket | None) -> AsyncGenerator[None]:
    """``listening`` is the socket for operators; None for no metrics."""
    if listening is None:
        yield
        return
    from server.metrics import metrics_app  # takes a moment to load, and most do not want it

    lag = Histogram()
    app = metrics_app(server, lag)
    metrics = _Quiet(uvicorn.Config(app, lifespan="off", access_log=False, log_config=None))
    serving = asyncio.create_task(metrics.serve([listening]))
    watching = asyncio.create_task(watch(lag))
    try:
        yield
    finally:
        metrics.should_exit = metrics.force_exit = True
        await serving
        await stop([watching])
