"""Blobs in S3, or any store that speaks its protocol: boto3, in threads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A store that does not answer must not hold up a request for the library's minutes.
CONFIG = Config(
    connect_timeout=3, read_timeout=20, retries={"max_attempts": 3}, s3={"addressing_style": "path"}
)


class S3Blobs:
    """Keeps blobs in one bucket, each portal below a prefix of its own."""

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
    ) -> None:
        self.bucket = bucket
        # The stubs know hundreds of services, none of which is installed but this one.
        self._client: S3Client = cast(Any, boto3).client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name=region,
            config=CONFIG,
        )

    async def put(self, portal_id: int, key: str, data: bytes, content_type: str) -> None:
        """Stores bytes; the store has them when this returns."""
        await asyncio.to_thread(
            self._client.put_object,
            Bucket=self.bucket,
            Key=_full(portal_id, key),
            Body=data,
            ContentType=content_type,
        )

    async def get(self, portal_id: int, key: str) -> tuple[bytes, str] | None:
        """The bytes and their content type, or None."""
        return await asyncio.to_thread(self._get, _full(portal_id, key))

    async def remove(self, portal_id: int, key: str) -> None:
        """Forgets a key; missing ones are fine."""
        await asyncio.to_thread(
            self._client.delete_object, Bucket=self.bucket, Key=_full(portal_id, key)
        )

    async def ready(self) -> bool:
        """Whether the bucket answers."""
        try:
            await asyncio.to_thread(self._client.head_bucket, Bucket=self.bucket)
        except (BotoCoreError, ClientError):
            return False
        return True

    def _get(self, key: str) -> tuple[bytes, str] | None:
        try:
            found = self._client.get_object(Bucket=self.bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        return found["Body"].read(), found["ContentType"]


def _full(portal_id: int, key: str) -> str:
    # Keys are made by the server; one that leaves the portal's prefix is a fault.
    if key.startswith("/") or ".." in key.split("/"):
        raise ValueError(f"the key {key!r} leaves its portal")
    return f"{portal_id}/{key}"
