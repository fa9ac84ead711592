from __future__ import annotations

import gzip
import re
from pathlib import Path

import httpx
import pytest

from api.headers import SafeHeaders
from server.static import NONCE, WebClient


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(f'<meta property="csp-nonce" nonce="{NONCE}">')
    (folder / "assets/app-1a2b3c.js").write_text("console.log('talkoo');" * 100)
    (folder / "sw.js").write_text("self")
    (tmp_path / "secret.txt").write_text("canary")
    return folder


async def _get(folder: Path, path: str, **headers: str) -> httpx.Response:
    app = SafeHeaders(WebClient(folder), https=False)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://acme.localhost") as client:
        return await client.get(path, headers=headers)


async def test_hashed_files_are_kept_for_ever_and_the_page_and_worker_never(dist: Path) -> None:
    asset = await _get(dist, "/assets/app-1a2b3c.js")
    assert "immutable" in asset.headers["cache-control"]
    assert (await _get(dist, "/sw.js")).headers["cache-control"] == "no-cache"
    assert (await _get(dist, "/")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/chat/7", "/feed", "/index.html"])
async def test_every_address_of_the_client_is_its_page(dist: Path, path: str) -> None:
    response = await _get(dist, path.replace("/index.html", "/"))
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/absent.js",
        "/favicon.ico",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
    ],
)
async def test_nothing_else_is_found(dist: Path, path: str) -> None:
    response = await _get(dist, path)
    assert response.status_code == 404
    assert "canary" not in response.text


async def test_each_page_has_a_nonce_of_its_own_and_nothing_unsafe(dist: Path) -> None:
    first, second = await _get(dist, "/"), await _get(dist, "/")
    policy = first.headers["content-security-policy"]
    (nonce,) = set(re.findall(r"'nonce-([^']+)'", policy))
    assert f'nonce="{nonce}"' in first.text
    assert nonce not in second.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "*" not in policy
    assert first.headers["x-content-type-options"] == "nosniff"


async def test_a_host_cannot_write_into_the_policy(dist: Path) -> None:
    response = await _get(dist, "/", host="evil; script-src *")
    assert "evil" not in response.headers["content-security-policy"]


async def test_text_is_compressed_for_who_takes_it(dist: Path) -> None:
    packed = await _get(dist, "/assets/app-1a2b3c.js", **{"accept-encoding": "gzip"})
    plain = await _get(dist, "/assets/app-1a2b3c.js", **{"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, 6))


async def test_without_a_build_the_page_says_so(tmp_path: Path) -> None:
    response = await _get(tmp_path / "absent", "/")
    assert response.status_code == 200
    assert "not built" in response.text
