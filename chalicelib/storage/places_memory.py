"""In-memory twin of ``storage.places.DynamoPlaces``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib.domain import place_reviews as reviews
from chalicelib.domain.errors import Conflict
from chalicelib.domain.place_reviews import Proposal
from chalicelib.domain.schedules import Place, Position, area_of
from chalicelib.services.ports import OutboxRow, Page, Receipt, RequestKey
from chalicelib.storage.codec import dumps, instant, loads
from chalicelib.storage.memory import MemoryStore, page_of
from chalicelib.storage.places import proposal_text, tile_of, tiles_around
from chalicelib.storage.tables import shard_of


class MemoryPlaces:
    """Implements ``schedule_ports.PlaceStore``. Receipts and outbox rows go to the store of the cases, as they do."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._versions: dict[tuple[str, int], str] = {}
        self._proposals: dict[str, str] = {}

    def versions(self, area: str) -> Sequence[Place]:
        everywhere = (loads(text, Place) for _, text in sorted(self._versions.items()))
        return [place for place in everywhere if area_of(place.division) == area]

    def near(self, position: Position) -> frozenset[str]:
        everywhere = (loads(text, Place) for text in self._versions.values())
        around = tiles_around(position)
        return frozenset(p.id for p in everywhere if p.position is not None and tile_of(p.position) in around)

    def proposal(self, proposal_id: str) -> Proposal | None:
        stored = self._proposals.get(proposal_id)
        return loads(stored, Proposal) if stored else None

    def proposals(self, listing: str, after: str | None, limit: int) -> Page[Proposal]:
        everyone = [loads(text, Proposal) for text in self._proposals.values()]
        listed = [
            p
            for p in everyone
            if listing
            in (reviews.proposed_by(p.proposer.body), reviews.to_review(reviews.reviewing_division(p.division)))
        ]
        return page_of(listed, lambda p: p.id, after, limit, newest_first=True)

    def commit(
        self,
        proposal: Proposal,
        *,
        expected_version: int,
        published: Sequence[Place] = (),
        announced: Sequence[str] = (),
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
        at: datetime,
    ) -> None:
        stored = self.proposal(proposal.id)
        if (stored.version if stored else 0) != expected_version:
            raise Conflict.because("store.conflict")
        if any((place.id, place.version) in self._versions for place in published):
            raise Conflict.because("store.conflict")
        text = proposal_text(proposal)
        self._store.refuse_used(key)
        self._proposals[proposal.id] = text
        for place in published:
            self._versions[place.id, place.version] = dumps(place)
            if announced:
                row_key = f"{shard_of(place.id)}|{instant(at)}#{place.id}#{place.version:08d}"
                types = tuple((place.version, name) for name in announced)
                self._store.outbox[row_key] = OutboxRow(row_key, place.id, types, at)
        self._store.keep(key, receipt)

    def load(self, places: Sequence[Place]) -> int:
        fresh = [place for place in places if (place.id, place.version) not in self._versions]
        self._versions |= {(place.id, place.version): dumps(place) for place in fresh}
        return len(fresh)
