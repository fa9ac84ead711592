"""Blobs: one suite, on a folder and on an S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from storage.blob_folder import FolderBlobs
from storage.blob_s3 import S3Blobs
from storage.blobs import Blobs


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="k",
        aws_secret_access_key="s",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="talkoo")
    yield endpoint
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return FolderBlobs(tmp_path)
    return S3Blobs(request.getfixturevalue("s3_endpoint"), "talkoo", "k", "s")


async def test_what_is_put_can_be_got(blobs: Blobs) -> None:
    await blobs.put(1, "pictures/a.webp", b"bytes", "image/webp")
    assert await blobs.get(1, "pictures/a.webp") == (b"bytes", "image/webp")
    await blobs.put(1, "pictures/a.webp", b"others", "image/png")
    assert await blobs.get(1, "pictures/a.webp") == (b"others", "image/png")


async def test_what_is_not_there(blobs: Blobs) -> None:
    assert await blobs.get(1, "nothing") is None
    await blobs.remove(1, "nothing")


async def test_what_is_removed_is_gone(blobs: Blobs) -> None:
    await blobs.put(1, "b", b"x", "text/plain")
    await blobs.remove(1, "b")
    assert await blobs.get(1, "b") is None


async def test_portals_do_not_see_each_other(blobs: Blobs) -> None:
    await blobs.put(11, "same", b"eleven", "text/plain")
    assert await blobs.get(1, "1/same") is None
    assert await blobs.get(1, "same") is None


@pytest.mark.parametrize("key", ["../2/secret", "a/../../2/secret", "/etc/passwd"])
async def test_a_key_cannot_leave_its_portal(blobs: Blobs, key: str) -> None:
    await blobs.put(2, "secret", b"x", "text/plain")
    with pytest.raises(ValueError, match="leaves its portal"):
        await blobs.get(1, key)


async def test_readiness_is_the_truth(blobs: Blobs, tmp_path: Path) -> None:
    assert await blobs.ready()


async def test_a_bucket_that_is_not_there_is_not_ready(s3_endpoint: str) -> None:
    assert not await S3Blobs(s3_endpoint, "no-such-bucket", "k", "s").ready()
