"""The dashboard and the alerts in `deploy/` ask for nothing that `/metrics` does not give."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import socketio
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.realtime.client import until
from tests.services.node import ROOT, Node
from tests.services.ports import free_port
from tests.services.redis import Redis

Given = Mapping[str, frozenset[str]]

DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
ROWS = ["At a glance", "Delivery", "The log and the bus", "Connections", "The process"]
PASSWORD = "correct horse battery"

#: What Prometheus itself puts on every sample of a target, and what it says of the target.
TARGET = frozenset({"job", "instance"})
OF_PROMETHEUS: Given = {"up": TARGET}

# --- Reading PromQL ---------------------------------------------------------------------------

TOKEN = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<range>\[[^\]]*\])
      | (?P<number>\d[\w.]*)
      | (?P<name>[a-zA-Z_:][\w:]*)
      | (?P<sign>[=!]~|[=!<>]=|[-+*/%^(){},<>=])
      | (?P<space>\s+)""",
    re.VERBOSE,
)
GROUPINGS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = {"and", "or", "unless", "bool", "offset"}


@dataclass
class Asked:
    """What an expression asks for."""

    #: Each metric, as often as it occurs, with the labels that it is chosen by.
    metrics: list[tuple[str, set[str]]] = field(default_factory=list)
    #: By what is grouped and matched.
    grouped: set[str] = field(default_factory=set)
    #: Label, sign, value.
    chosen: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def labels(self) -> set[str]:
        return self.grouped.union(*(labels for _, labels in self.metrics))


def tokens(expression: str) -> list[tuple[str, str]]:
    """Kind and text of each; raises for what is none."""
    found, at = list[tuple[str, str]](), 0
    while at < len(expression):
        match = TOKEN.match(expression, at)
        if match is None:
            raise ValueError(f"{expression[at:]!r} in {expression!r}")
        if match.lastgroup != "space":
            found.append((str(match.lastgroup), match.group()))
        at = match.end()
    return [*found, ("end", "")]


def asked_by(expression: str) -> Asked:
    """The metrics and labels of a PromQL expression."""
    asked, read = Asked(), tokens(expression)
    at = 0
    while at < len(read):
        (kind, text), following = read[at], read[min(at + 1, len(read) - 1)][1]
        at += 1
        if kind != "name":
            assert text != "{", f"no metric before the labels of {expression!r}"
        elif text in GROUPINGS:
            end = read.index(("sign", ")"), at)
            asked.grouped |= {word for kind, word in read[at:end] if kind == "name"}
            at = end + 1
        elif text not in WORDS and following not in ("(", "by", "without"):
            labels = set[str]()
            if following == "{":
                end = read.index(("sign", "}"), at)
                for (_, label), (_, sign), (_, value) in in_threes(read[at + 1 : end]):
                    labels.add(label)
                    asked.chosen.append((label, sign, value[1:-1]))
                at = end + 1
            asked.metrics.append((text, labels))
    return asked


def in_threes(
    read: Sequence[tuple[str, str]],
) -> Iterator[tuple[tuple[str, str], tuple[str, str], tuple[str, str]]]:
    """Label, sign and value of each."""
    parts = [part for part in read if part[1] != ","]
    return zip(parts[::3], parts[1::3], parts[2::3], strict=True)


def mistakes(expression: str, given: Given) -> list[str]:
    """What is asked for in vain."""
    asked, found = asked_by(expression), list[str]()
    if not asked.metrics:
        found.append(f"no metric in {expression!r}")
    for name, labels in asked.metrics:
        if name not in given:
            found.append(f"no metric {name}")
        else:
            found += [f"no label {label} of {name}" for label in sorted(labels - given[name])]
    everywhere = frozenset().union(*(given.get(name, frozenset()) for name, _ in asked.metrics))
    found += [f"no label {label}" for label in sorted(asked.grouped - everywhere)]
    for part in quantiles(expression):
        inner = asked_by(part)
        if any(not name.endswith("_bucket") for name, _ in inner.metrics):
            found.append(f"a quantile of no histogram: {part}")
        # Summed without naming le, the buckets are gone.
        if re.search(r"\b(sum|avg|max|min)\b", part) and "le" not in inner.grouped:
            found.append(f"a quantile without le: {part}")
    return found


def quantiles(expression: str) -> Iterator[str]:
    """What stands between the brackets of each histogram_quantile."""
    for match in re.finditer(r"histogram_quantile\(", expression):
        depth, at = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(expression[at], 0)
            at += 1
        yield expression[match.end() : at - 1]


# --- What is watched --------------------------------------------------------------------------


def panels() -> list[dict[str, Any]]:
    """All that show something."""
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def targets() -> list[tuple[str, str, str]]:
    """Panel, expression and legend of each line."""
    return [
        (panel["title"], target["expr"], target["legendFormat"])
        for panel in panels()
        for target in panel["targets"]
    ]


def expressions() -> dict[str, str]:
    """Every expression, by where it stands."""
    found = {f"alert {rule['alert']}": rule["expr"] for rule in RULES}
    for number, (title, expression, _) in enumerate(targets()):
        found[f"panel {title}, {number}"] = expression
    for variable in DASHBOARD["templating"]["list"]:
        if match := re.fullmatch(r"label_values\((.+), (\w+)\)", variable.get("definition", "")):
            found[f"variable {variable['name']}"] = f"count by ({match[2]}) ({match[1]})"
    return found


# --- What there is ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def node(redis: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with Redis: in a process without it there is no bus to count the faults of."""
    settings = {
        "TALKOO_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
        "TALKOO_REDIS": redis.url,
        "TALKOO_REDIS_PREFIX": "watching",
    }
    node = Node(tmp_path_factory.mktemp("watched") / "node", settings)
    node.talkoo("migrate")
    with node:
        yield node


def given_by(node: Node) -> dict[str, frozenset[str]]:
    """The labels of each name in `/metrics`, with those that Prometheus adds."""
    answer = httpx.get(f"http://{node.settings['TALKOO_METRICS_LISTEN']}/metrics", timeout=10)
    assert answer.status_code == 200
    found = dict(OF_PROMETHEUS)
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, TARGET) | sample.labels.keys()
    return found


async def live_a_little(node: Node) -> None:
    """Somebody signs up, connects, writes, is refused something, and logs out."""
    body = {"company": "Watched Oy", "email": "ada@watched.example", "password": PASSWORD}
    door = httpx.post(f"{node.url}/api/v1/portals", json=body).json()
    there = {"host": door["portal"]["url"].removeprefix("http://")}
    ticket = {"ticket": door["ticket"], "token": True}
    entered = httpx.post(f"{node.url}/api/v1/sessions/enter", json=ticket, headers=there)
    token = entered.json()["token"]
    client: Any = socketio.AsyncClient(reconnection=False)
    heard: list[str] = []
    client.on("ready", lambda _: heard.append("ready"))
    client.on("ended", lambda *_: heard.append("ended"))
    await client.connect(node.url, auth={"token": token}, transports=["websocket"])
    await until(lambda: "ready" in heard, lambda: heard)
    assert (await client.call("create_post", {"client_id": "a" * 8, "text": "Hello"}))["ok"]
    message = {"client_id": "b" * 8, "room_id": 99, "text": "x"}
    assert not (await client.call("send_message", message))["ok"]
    out = {**there, "authorization": f"Bearer {token}"}
    httpx.delete(f"{node.url}/api/v1/sessions/current", headers=out).raise_for_status()
    await until(lambda: "ended" in heard, lambda: heard)
    await client.disconnect()


@pytest.mark.slow
@pytest.mark.redis
async def test_all_that_is_asked_for_is_there(node: Node) -> None:
    await live_a_little(node)
    given = given_by(node)
    assert {f"talkoo_command_seconds{end}" for end in ("_bucket", "_sum", "_count")} <= given.keys()
    in_vain = {where: mistakes(text, given) for where, text in expressions().items()}
    assert not {where: found for where, found in in_vain.items() if found}
    # The same expressions, each with every name and every label spelled wrong in turn.
    for where, text in expressions().items():
        asked = asked_by(text)
        for word in {name for name, _ in asked.metrics} | asked.labels:
            planted = re.sub(rf"\b{word}\b", f"{word}x", text)
            assert mistakes(planted, given), (where, word)


def test_legends_and_alerts_name_labels_that_remain() -> None:
    for title, expression, legend in targets():
        named = set(re.findall(r"{{\s*(\w+)\s*}}", legend))
        summed = re.search(r"\b(sum|max|min|avg|count)\b", expression)
        assert named <= (asked_by(expression).grouped if summed else TARGET), title
    for rule in RULES:
        named = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert named <= TARGET, rule["alert"]
        assert ("absent(" in rule["expr"]) == (not named), rule["alert"]


def test_values_that_are_asked_for_are_said_somewhere() -> None:
    said = "".join(path.read_text() for path in sorted((ROOT / "realtime").glob("*.py")))
    for where, expression in expressions().items():
        for label, sign, value in asked_by(expression).chosen:
            if value == "$instance":
                assert sign == "=~", where
            elif label == "status":
                assert re.fullmatch(r"[45](\d\d|\.\.)", value), where
            elif label == "job":
                assert value == "talkoo", where
            else:
                assert f'"{value}"' in said, where


# --- The dashboard ----------------------------------------------------------------------------


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["schemaVersion"] >= 39
    assert DASHBOARD["title"] == "Talkoo" and DASHBOARD["uid"] and DASHBOARD["id"] is None
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    assert variables["instance"]["query"]["query"] == variables["instance"]["definition"]
    ours = {"type": "prometheus", "uid": "${datasource}"}
    assert variables["instance"]["datasource"] == ours
    for panel in panels():
        assert all(part["datasource"] == ours for part in [panel, *panel["targets"]])
    titles = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert titles == ROWS


def test_every_panel_says_what_it_shows() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    for panel in panels():
        assert panel["title"]
        assert re.fullmatch(r"[A-Z].+\.", panel["description"]), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        letters = [target["refId"] for target in panel["targets"]]
        assert letters and len(letters) == len(set(letters)), panel["title"]
        for target in panel["targets"]:
            assert target["expr"] and target["legendFormat"], panel["title"]
            # The choice of nodes holds everywhere.
            chosen = asked_by(target["expr"]).metrics
            assert all("instance" in labels for _, labels in chosen), panel["title"]


def test_units_are_those_of_what_is_shown() -> None:
    for panel in panels():
        unit = panel["fieldConfig"]["defaults"]["unit"]
        for target in panel["targets"]:
            text = target["expr"]
            if "_seconds" in text and "cpu" not in text and "_count" not in text:
                assert unit == "s", panel["title"]
            elif "histogram_quantile" not in text and "rate(" in text and "/" not in text:
                assert unit in ("ops", "reqps", "percentunit"), panel["title"]
            if "_bytes" in text:
                assert unit == "bytes", panel["title"]


def test_no_panel_lies_on_another() -> None:
    places = [(panel["title"], panel["gridPos"]) for panel in DASHBOARD["panels"]]
    for title, place in places:
        assert place["x"] >= 0 and place["x"] + place["w"] <= 24, title
    for (one, a), (other, b) in itertools.combinations(places, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        above = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert beside or above, (one, other)


# --- The alerts -------------------------------------------------------------------------------


def test_every_alert_says_what_it_means_and_how_bad_it_is() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    for rule in RULES:
        assert re.fullmatch(r"Talkoo[A-Za-z]+", rule["alert"])
        assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert re.fullmatch(r"\d+[smh]", rule["for"]), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]
        # What it means, and what to do.
        assert len(re.findall(r"[.?](?: |$)", rule["annotations"]["description"])) >= 2


def test_operators_are_told_of_every_alert() -> None:
    told = (ROOT / "docs/operators.md").read_text()
    watching = told.partition("\n## Watching\n")[2].partition("\n## ")[0]
    assert not [rule["alert"] for rule in RULES if f"`{rule['alert'][6:]}`" not in watching]


# --- Reading PromQL, itself -------------------------------------------------------------------

GIVEN: Given = {
    "hits_total": TARGET | {"reason"},
    "took_seconds_bucket": TARGET | {"le"},
    "took_seconds_count": TARGET,
}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('sum by (reason) (rate(hits_total{instance=~"$instance"}[$__rate_interval]))', []),
        ("rate(hits_total[5m]) > 2 and on (instance) hits_total offset 1d", []),
        ("sum(rate(hitz_total[5m])) or vector(0)", ["no metric hitz_total"]),
        ("took_seconds_sum / took_seconds_count", ["no metric took_seconds_sum"]),
        ('hits_total{raeson="hits_total{x}"}', ["no label raeson of hits_total"]),
        ("sum by (instance, raeson) (hits_total)", ["no label raeson"]),
        ("hits_total / ignoring (raeson) hits_total", ["no label raeson"]),
        ("histogram_quantile(0.9, sum by (le) (rate(took_seconds_bucket[5m])))", []),
        ("histogram_quantile(0.9, rate(took_seconds_bucket[5m]))", []),
        (
            "histogram_quantile(0.9, sum by (job) (took_seconds_bucket))",
            ["a quantile without le: 0.9, sum by (job) (took_seconds_bucket)"],
        ),
        (
            "histogram_quantile(0.9, hits_total)",
            ["a quantile of no histogram: 0.9, hits_total"],
        ),
        ("vector(1)", ["no metric in 'vector(1)'"]),
    ],
)
def test_what_is_asked_in_vain_is_found(expression: str, found: list[str]) -> None:
    assert mistakes(expression, GIVEN) == found


def test_what_is_no_promql_is_refused() -> None:
    with pytest.raises(ValueError, match="~"):
        asked_by("hits_total ~ 2")
