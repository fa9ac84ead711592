from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from server.settings import SettingsError, load


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    settings = load({}, tmp_path)
    assert (settings.host, settings.port) == ("127.0.0.1", 8024)
    assert settings.address == "http://localhost:8024"
    assert settings.shard_urls == {"main": settings.directory_url}
    assert settings.directory_url.startswith("sqlite+aiosqlite:////")
    assert settings.limits.plan_free_people == 12


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "talkoo.toml").write_text(
        'listen = "0.0.0.0:80"\nsite = "north"\n[limits]\npage = 20\nlog_days = 3\n'
    )
    settings = load({"TALKOO_LISTEN": "127.0.0.1:9000", "TALKOO_LIMITS__PAGE": "30"}, tmp_path)
    assert (settings.listen, settings.site) == ("127.0.0.1:9000", "north")
    assert (settings.limits.page, settings.limits.log_days) == (30, 3)


def test_lists_and_tables_come_from_the_environment_too(tmp_path: Path) -> None:
    settings = load(
        {
            "TALKOO_TRUSTED_PROXIES": "10.1.2.3, 192.168.0.0/16",
            "TALKOO_DATABASE": "mysql://u:p@db/directory",
            "TALKOO_SHARDS__EAST": "mysql://u:p@east/talkoo",
            "TALKOO_SHARDS__WEST": "mysql://u:p@west/talkoo",
        },
        tmp_path,
    )
    assert settings.trusted_proxies == ["10.1.2.3/32", "192.168.0.0/16"]
    assert settings.directory_url == "mysql+aiomysql://u:p@db/directory"
    assert settings.shard_urls == {
        "east": "mysql+aiomysql://u:p@east/talkoo",
        "west": "mysql+aiomysql://u:p@west/talkoo",
    }


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    assert load({"TALKOO_REDIS": ""}, tmp_path).redis is None


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"TALKOO_CONFIG: .*absent\.toml cannot be read"):
        load({"TALKOO_CONFIG": str(tmp_path / "absent.toml")}, tmp_path)


def test_a_broken_file_says_where(tmp_path: Path) -> None:
    (tmp_path / "talkoo.toml").write_text("listen = \n")
    with pytest.raises(SettingsError, match=r"talkoo\.toml is not TOML: .*line 1"):
        load({}, tmp_path)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("TALKOO_LISTEN", "8024", "ADDRESS:PORT"),
        ("TALKOO_LISTEN", "127.0.0.1:99999", "ADDRESS:PORT"),
        ("TALKOO_PUBLIC_URL", "talkoo.example.com", "https://"),
        ("TALKOO_PUBLIC_URL", "https://example.com/talkoo", "without a path"),
        ("TALKOO_DATABASE", "postgresql://db/talkoo", "mysql://"),
        ("TALKOO_REDIS", "localhost:6379", "redis://"),
        ("TALKOO_REDIS", "redis+cluster://", "redis+cluster://one:6379,two:6379"),
        ("TALKOO_REDIS", "redis+cluster://one:6379,", "redis+cluster://one:6379,two:6379"),
        ("TALKOO_REDIS", "redis+cluster://one:x", "redis+cluster://one:6379,two:6379"),
        ("TALKOO_REDIS", "rediss+cluster://one:6379/1", "one database"),
        ("TALKOO_SMTP", "mail.example.com", "smtp://"),
        ("TALKOO_TRUSTED_PROXIES", "everyone", "network"),
        ("TALKOO_LOG_LEVEL", "loud", "info"),
        ("TALKOO_DATABASE_CONNECTIONS", "0", "1"),
        ("TALKOO_LIMITS__PAGE", "many", "integer"),
        ("TALKOO_MAIL_FROM", "no address", "pattern"),
        ("TALKOO_LISTN", "127.0.0.1:80", "do you mean listen?"),
        ("TALKOO_LIMITS__PAGES", "9", "do you mean page?"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, variable: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load({variable: value}, tmp_path)
    assert variable in str(raised.value)
    assert says in str(raised.value)


def test_a_bucket_needs_its_keys(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        load({"TALKOO_S3__ENDPOINT": "https://s3.example.com"}, tmp_path)
    text = str(raised.value)
    assert all(name in text for name in ("S3__BUCKET", "S3__ACCESS_KEY", "S3__SECRET_KEY"))


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = load(
        {
            "TALKOO_DATABASE": "mysql://u:canary@db/t",
            "TALKOO_REDIS": "redis://:canary@r",
            "TALKOO_SMTP": "smtp://u:canary@m",
            "TALKOO_S3__ENDPOINT": "https://s3.example.com",
            "TALKOO_S3__BUCKET": "talkoo",
            "TALKOO_S3__ACCESS_KEY": "key",
            "TALKOO_S3__SECRET_KEY": "canary",
        },
        tmp_path,
    )
    assert "canary" not in repr(settings)


@pytest.mark.parametrize("way", ["nothing of it", "a part of it"])
def test_the_extra_for_traces_is_named_when_it_is_missing(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str) -> ModuleSpec | None:
        if way == "nothing of it":
            raise ModuleNotFoundError(name)
        return None if ".exporter" in name else ModuleSpec(name, None)

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with pytest.raises(SettingsError) as raised:
        load({"TALKOO_TRACES": "http://127.0.0.1:4318"}, tmp_path)
    assert "TALKOO_TRACES" in str(raised.value)
    assert "pip install 'talkoo[tracing]'" in str(raised.value)
    assert load({}, tmp_path).traces is None


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:4318", "must be like http://127.0.0.1:4318"),
        ("grpc://collector:4317", "must be like"),
        ("http://", "must be like"),
        ("http://collector:port", "must be like"),
        ("http://collector:99999", "must be like"),
        ("http://[::1", "must be like"),
        ("http://canary:canary@collector", "OTEL_EXPORTER_OTLP_HEADERS"),
        ("http://:canary@collector", "OTEL_EXPORTER_OTLP_HEADERS"),
        ("http://collector/?key=canary", "OTEL_EXPORTER_OTLP_HEADERS"),
    ],
)
def test_a_collector_that_cannot_be_is_refused(address: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        load({"TALKOO_TRACES": address}, tmp_path)
    assert "TALKOO_TRACES" in str(raised.value)
    assert says in str(raised.value)
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("end", ["", "/", "/v1/traces", "/v1/traces/"])
def test_the_address_of_a_collector_may_be_written_out(end: str, tmp_path: Path) -> None:
    settings = load({"TALKOO_TRACES": f"https://collector/otlp{end}"}, tmp_path)
    assert settings.traces == "https://collector/otlp"
