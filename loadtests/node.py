"""A Talkoo node under measurement: `talkoo serve` as it is, on a port of its own choice.

Says ``ready PORT`` when it listens, as the peers do. Its settings come from the environment.
"""

from __future__ import annotations

import asyncio
import os
import socket

import uvloop

from server import logging
from server.serve import serve
from server.settings import load


async def _say_when_ready(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        print(f"ready {port}", flush=True)
        return


async def _run() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = load(dict(os.environ) | {"TALKOO_LISTEN": f"127.0.0.1:{port}"})
    logging.set_up(settings.log_level, settings.log_format)
    saying = asyncio.create_task(_say_when_ready(port))
    await serve(settings)
    await saying


if __name__ == "__main__":
    uvloop.run(_run())
