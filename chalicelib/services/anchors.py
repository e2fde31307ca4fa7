"""The daily anchor: how far every log that changed on a day went, written once outside the table (G1).

A chain alone does not show that its end was cut off, or that all of it was hashed anew. Each night the heads of
the cases changed on the day before are put, shard by shard, where nobody can alter them for years; their Merkle
roots stand in a manifest that is signed with the seal and names the digest of the manifest before it.

A case that goes on changing is anchored with the day of its last change, so every log is anchored at the latest
in the night after it came to rest. Doing a night's work again is harmless: what was written first stays.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from chalicelib.domain.deadlines import legal_day
from chalicelib.domain.log_chain import Head, leaf, merkle_root
from chalicelib.services.ports import SHARDS, Ports

REACH = timedelta(days=60)
"""How far back a night makes up for nights in which nothing ran."""


@dataclass(frozen=True, slots=True)
class AnchoredDay:
    """A day as it was anchored, and whether all of it fits together.

    ``flaws`` names what does not: signature, roots, a shard that is gone, the manifest before it.
    """

    day: date
    heads: Sequence[Head]
    flaws: tuple[str, ...]


def anchor_what_is_due(ports: Ports) -> dict[str, int]:
    """Anchor every day before today that has no manifest yet, from the one after the last that has."""
    today = legal_day(ports.clock.now())
    yesterday = today - timedelta(days=1)
    last = _last(ports, today)
    day = max(last + timedelta(days=1), today - REACH) if last else yesterday
    days = cases = 0
    while day <= yesterday:
        cases += anchor_day(ports, day)
        days += 1
        day += timedelta(days=1)
    return {"days": days, "cases": cases}


def anchor_day(ports: Ports, day: date) -> int:
    """Write the shards and then the manifest of a day that is over. Answers how many cases it names."""
    shards = []
    total = 0
    for shard in SHARDS:
        heads = _write_shard(ports, day, shard)
        total += len(heads)
        shards.append({"shard": shard, "cases": len(heads), "root": merkle_root([leaf(head) for head in heads])})
    before = _last(ports, day)
    previous = ports.anchors.get(_manifest_name(before)) if before else None
    manifest: dict[str, Any] = {
        "day": day.isoformat(),
        "made_at": ports.clock.now().isoformat(),
        "previous_day": before.isoformat() if before else "",
        "previous": hashlib.sha256(previous).hexdigest() if previous else "",
        "shards": shards,
        "root": merkle_root([str(shard["root"]) for shard in shards]),
        "seal_key": ports.seal.key_id,
    }
    manifest["signature"] = base64.b64encode(ports.seal.sign(_digest(manifest))).decode()
    ports.anchors.put(_manifest_name(day), _json(manifest))
    return total


def anchored_day(ports: Ports, day: date) -> AnchoredDay | None:
    """A day as it was anchored, judged. None if there is no manifest."""
    body = ports.anchors.get(_manifest_name(day))
    if body is None:
        return None
    manifest = json.loads(body)
    heads: list[Head] = []
    flaws = _flaws(ports, day, manifest)
    for told in manifest["shards"]:
        found = read_shard(ports, day, told["shard"])
        if not _fits(told, found):
            flaws.append(f"shard {told['shard']}")
        heads += found
    if manifest["previous_day"]:
        previous = ports.anchors.get(_manifest_name(date.fromisoformat(manifest["previous_day"])))
        if previous is None or hashlib.sha256(previous).hexdigest() != manifest["previous"]:
            flaws.append("previous day")
    return AnchoredDay(day, heads, tuple(flaws))


def anchored_days(ports: Ports, since: date) -> Iterator[date]:
    """The days from ``since`` on that were anchored, in order."""
    before = _manifest_name(since - timedelta(days=1))
    for name in ports.anchors.names(_MANIFESTS, before):
        yield date.fromisoformat(name.removeprefix(_MANIFESTS).removesuffix(_SUFFIX))


def anchored_shard(ports: Ports, day: date, shard: int) -> AnchoredDay | None:
    """One shard of a day as it was anchored, judged. None if there is no manifest."""
    body = ports.anchors.get(_manifest_name(day))
    if body is None:
        return None
    manifest = json.loads(body)
    flaws, found = _flaws(ports, day, manifest), read_shard(ports, day, shard)
    if not any(told["shard"] == shard and _fits(told, found) for told in manifest["shards"]):
        flaws.append(f"shard {shard}")
    return AnchoredDay(day, found, tuple(flaws))


def read_shard(ports: Ports, day: date, shard: int) -> Sequence[Head]:
    """The heads of a shard as they were anchored; empty if it had none."""
    body = ports.anchors.get(_shard_name(day, shard))
    if body is None:
        return []
    return [Head(case_id, version, head) for case_id, version, head in json.loads(body)["heads"]]


_MANIFESTS, _SUFFIX = "manifests/", ".json"


def _flaws(ports: Ports, day: date, manifest: dict[str, Any]) -> list[str]:
    """What is wrong with the manifest itself."""
    flaws = []
    if not ports.seal.verify(manifest["seal_key"], _digest(manifest), base64.b64decode(manifest.get("signature", ""))):
        flaws.append("signature")
    if manifest["day"] != day.isoformat():
        flaws.append("day")
    if merkle_root([shard["root"] for shard in manifest["shards"]]) != manifest["root"]:
        flaws.append("root")
    return flaws


def _fits(told: dict[str, Any], found: Sequence[Head]) -> bool:
    root: str = told["root"]
    return bool(len(found) == told["cases"]) and merkle_root([leaf(head) for head in found]) == root


def _write_shard(ports: Ports, day: date, shard: int) -> Sequence[Head]:
    """What an earlier try has written stays, and counts: cases may have gone on since."""
    heads = sorted(ports.logs.heads(day, shard), key=lambda head: head.case_id)
    if not heads:
        return read_shard(ports, day, shard)
    content = {"day": day.isoformat(), "shard": shard, "heads": [[h.case_id, h.version, h.log_head] for h in heads]}
    written = ports.anchors.put(_shard_name(day, shard), _json(content))
    return heads if written else read_shard(ports, day, shard)


def _last(ports: Ports, before: date) -> date | None:
    """The last anchored day before another one."""
    days = [day for day in anchored_days(ports, before - 4 * REACH) if day < before]
    return days[-1] if days else None


def _manifest_name(day: date) -> str:
    return f"{_MANIFESTS}{day.isoformat()}{_SUFFIX}"


def _shard_name(day: date, shard: int) -> str:
    return f"heads/{day.isoformat()}/{shard:02d}{_SUFFIX}"


def _digest(manifest: dict[str, Any]) -> bytes:
    return hashlib.sha256(_json({k: v for k, v in manifest.items() if k != "signature"})).digest()


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
