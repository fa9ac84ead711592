from __future__ import annotations

import pytest

from api.devices import device_of

CHROME = "Chrome/126.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox on Linux",
        ),
        (f"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML) {CHROME}", "Chrome on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0) AppleWebKit {CHROME} Edg/126.0", "Edge on Windows"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit Version/17.5 "
            "Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit {CHROME}", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) Version/17.5 Safari/605.1", "Safari on Mac"),
        ("python-httpx/0.28.1", "python-httpx/0.28.1"),
        ("", ""),
        ("\x1b[31mred" + "x" * 500, "[31mred" + "x" * 53),
    ],
)
def test_a_device_has_a_short_name(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device
