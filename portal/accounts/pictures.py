"""Pictures of people: checked by content, made small, stripped of everything but the picture."""

from __future__ import annotations

import asyncio
import hashlib
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from portal.accounts.model import MeAnswer
from portal.accounts.people import change_me
from portal.context import Context
from portal.errors import invalid, not_found
from portal.limits import Limits
from storage import people

# The largest that a client shows, on a dense screen.
SIDE = 256
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")


async def set_picture(context: Context, data: bytes) -> MeAnswer:
    """Gives the caller a picture."""
    if len(data) > context.limits.picture_bytes:
        raise invalid("picture", f"has more than {context.limits.picture_bytes} bytes")
    small = await asyncio.to_thread(_small, data, context.limits)
    digest = hashlib.sha256(small).hexdigest()[:32]
    key = f"pictures/{context.me.user_id}/{digest}.webp"
    await context.services.blobs.put(context.portal, key, small, "image/webp")
    return await _replace(context, key)


async def remove_picture(context: Context) -> MeAnswer:
    """Takes the caller's picture away."""
    return await _replace(context, None)


async def _replace(context: Context, key: str | None) -> MeAnswer:
    async with context.read() as statements:
        rows = await people.person_rows(statements, context.portal, [context.me.user_id])
    before = rows[context.me.user_id].picture if rows else None
    answer = await change_me(context, {"picture": key})
    if before is not None and before != key:
        await context.services.blobs.remove(context.portal, before)
    return answer


async def read_picture(context: Context, user_id: int) -> tuple[bytes, str]:
    """Someone's picture and its content type."""
    me = context.me
    async with context.read() as statements:
        if not await people.may_know(statements, me.portal_id, me.user_id, me.role, user_id):
            raise not_found("picture")
        rows = await people.person_rows(statements, me.portal_id, [user_id])
    key = rows[user_id].picture
    found = await context.services.blobs.get(context.portal, key) if key else None
    if found is None:
        raise not_found("picture")
    return found


def _small(data: bytes, limits: Limits) -> bytes:
    """A square WebP. The size is known from the header, before anything is decoded."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > limits.picture_pixels:
                raise invalid("picture", f"has more than {limits.picture_pixels} pixels")
            # Loading in the size that is needed saves most of the work for JPEG.
            image.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        detail = "is not a PNG, JPEG, WebP or GIF picture that can be read"
        raise invalid("picture", detail) from error
    square = ImageOps.fit(upright, (SIDE, SIDE))
    out = BytesIO()
    square.save(out, "WEBP", quality=85)
    return out.getvalue()
