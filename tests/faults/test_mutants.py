"""The judge turns red: each mutant of the server is found by name, by the fault aimed at it.

`test_aimed` runs the same faults on the server as it is, where nothing is found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import scenarios
from tests.faults.cluster import Ground, open_cluster
from tests.faults.company import PRESENCE_SECONDS, open_companies
from tests.faults.mutants import MUTANTS, NodeWithMutant
from tests.faults.scenarios import Scenario

pytestmark = [pytest.mark.faults, pytest.mark.mariadb, pytest.mark.redis, pytest.mark.timeout(150)]

# The server as it is needs a fifth of this; what has not come by then is lost.
WITHIN = 3.0


@dataclass(frozen=True)
class Revealed:
    """A mutant, the scenario that reveals it, and the invariant that it breaks."""

    mutant: str
    scenario: Scenario
    invariant: str
    # Seconds that presence gets to be right; without, it is not what this is about.
    presence: float = 0.0


REVEALED = (
    Revealed("no_head_check", scenarios.quiet_tail, "undelivered"),
    Revealed("doubled", scenarios.redis_killed, "repeated"),
    Revealed("swapped", scenarios.redis_killed, "out_of_order"),
    Revealed("portal_missing", scenarios.nothing, "foreign"),
    Revealed("stale_membership", scenarios.nothing, "foreign"),
    Revealed("no_catch_up", scenarios.clients_cut, "undelivered"),
    Revealed("partial_recovery", scenarios.clients_cut, "undelivered"),
    Revealed("resync_always", scenarios.clients_cut, "lost_place"),
    Revealed("stale_ticket", scenarios.removed_while_away, "foreign"),
    Revealed("ticket_position", scenarios.clients_cut, "repeated"),
    Revealed("ack_before_commit", scenarios.database_gone_then_nodes, "acked_lost"),
    Revealed("no_idempotency", scenarios.answers_lost, "stored_twice"),
    Revealed("holes", scenarios.nothing, "holes"),
    Revealed("wrong_answer", scenarios.nothing, "ack_position_wrong"),
    Revealed("edit_not_stored", scenarios.nothing, "state"),
    Revealed("ghosts", scenarios.died_with_their_node, "presence", PRESENCE_SECONDS),
    Revealed("lost_signals", scenarios.left_without_redis, "presence", 12.0),
)


def test_every_mutant_has_its_fault() -> None:
    assert {revealed.mutant for revealed in REVEALED} == set(MUTANTS)


@pytest.mark.parametrize("revealed", REVEALED, ids=lambda revealed: revealed.mutant)
async def test_it_is_revealed(ground: Ground, tmp_path: Path, revealed: Revealed) -> None:
    nodes: list[NodeWithMutant] = []

    def make_node(folder: Path, settings: Mapping[str, str], data: Path) -> NodeWithMutant:
        node = NodeWithMutant(folder, settings, data=data)
        node.mutant = revealed.mutant
        nodes.append(node)
        return node

    async with (
        open_cluster(ground, tmp_path, make_node) as cluster,
        open_companies(cluster, tmp_path) as companies,
    ):
        await revealed.scenario(cluster, companies)
        judged = await asyncio.gather(*(c.judged(WITHIN, revealed.presence) for c in companies))
    assert any(node.mistaken for node in nodes), "the mutant never did anything"
    stories = "\n".join(story for _, story in judged)
    assert any(revealed.invariant in verdict.found for verdict, _ in judged), stories
