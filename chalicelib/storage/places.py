"""Service places in DynamoDB, in a table of their own: they live longer than cases and change by review.

    area#<division of level 2-4>  | place#<place id>#<version>  one version of a place, immutable; listed by its tile
    proposal#<id>                 | proposal                    a proposal with its steps; listed for its bureau
    proposal#<id>                 | body                        lists it for the body that made it

A version, the proposal that published it, the event and the receipt are written by one transaction. Event and receipt
stand in the cases table, where relay and replays look for them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from pynamodb.attributes import DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection
from pynamodb.exceptions import DoesNotExist, PutError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.domain import place_reviews as reviews
from chalicelib.domain.errors import Invalid
from chalicelib.domain.place_reviews import Proposal
from chalicelib.domain.schedules import Place, Position, area_of
from chalicelib.services.ports import Page, Receipt, RequestKey
from chalicelib.storage import tables as t
from chalicelib.storage.binding import TableSettings, bound
from chalicelib.storage.cases import receipt_row
from chalicelib.storage.codec import dumps, instant, loads
from chalicelib.storage.reading import reading
from chalicelib.storage.transactions import Change, is_condition_failure

_DEGREE = 1_000_000
_LARGEST = 350_000
"""Bytes of a proposal: an item may have 400 kB."""


class Listing(GlobalSecondaryIndex["PlaceTableRow"]):  # type: ignore[no-untyped-call]
    """Proposals of a body or bureau, places of a tile: ``lpk`` names the list, ``lsk`` the order. Sparse."""

    class Meta:  # noqa: D106 -- PynamoDB's own name for a model's settings
        index_name = "listing"
        projection = AllProjection()

    lpk = UnicodeAttribute(hash_key=True)
    lsk = UnicodeAttribute(range_key=True)


class PlaceTableRow(Model):
    """Base of every row: one client serves them all."""

    class Meta(TableSettings):  # noqa: D106 -- PynamoDB's own name for a model's settings
        pass

    kind = DiscriminatorAttribute()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    lpk = UnicodeAttribute(null=True)
    lsk = UnicodeAttribute(null=True)

    listing = Listing()


class PlaceRow(PlaceTableRow, discriminator="place"):
    """area#<division>/place#<place id>#<version>. Written once, never changed."""

    snapshot = UnicodeAttribute()


class ProposalRow(PlaceTableRow, discriminator="proposal"):
    """proposal#<id>/proposal."""

    version = NumberAttribute()
    snapshot = UnicodeAttribute()


class ProposalBodyRow(PlaceTableRow, discriminator="proposal_body"):
    """proposal#<id>/body: lists the proposal for the body that made it."""


def bind(table: str, region: str, host: str | None = None) -> Connection:
    """Name the table for all rows and open the one client they share."""
    return bound(PlaceTableRow, table, region, host)


class DynamoPlaces:
    """Implements ``schedule_ports.PlaceStore``, on the tables that ``bind`` here and in ``tables`` named."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @reading
    def versions(self, area: str) -> Sequence[Place]:
        rows = PlaceRow.query(_area(area), PlaceRow.sk.startswith("place#"), consistent_read=True)
        return [loads(row.snapshot, Place) for row in rows]

    @reading
    def near(self, position: Position) -> frozenset[str]:
        tiles = tiles_around(position)
        return frozenset(row.lsk.partition("#")[0] for tile in tiles for row in PlaceTableRow.listing.query(tile))

    @reading
    def proposal(self, proposal_id: str) -> Proposal | None:
        try:
            row = ProposalRow.get(_proposal(proposal_id), "proposal", consistent_read=True)
        except DoesNotExist:
            return None
        return loads(row.snapshot, Proposal)

    @reading
    def proposals(self, listing: str, after: str | None, limit: int) -> Page[Proposal]:
        condition = PlaceTableRow.lsk < after if after is not None else None
        rows = list(PlaceTableRow.listing.query(listing, condition, scan_index_forward=False, limit=limit + 1))
        ids = [row.lsk for row in rows[:limit]]
        # The index may lag behind; what a bureau decides on must not.
        stored = ProposalRow.batch_get([(_proposal(i), "proposal") for i in ids], consistent_read=True)
        found = {p.id: p for p in (loads(row.snapshot, Proposal) for row in stored)}
        return Page([found[i] for i in ids if i in found], ids[-1] if len(rows) > limit else None)

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
        change = Change(self._connection)
        pk, snapshot = _proposal(proposal.id), proposal_text(proposal)
        row = ProposalRow(
            pk,
            "proposal",
            lpk=reviews.to_review(reviews.reviewing_division(proposal.division)),
            lsk=proposal.id,
            version=proposal.version,
            snapshot=snapshot,
        )
        if expected_version == 0:
            change.create(row)
            listed = reviews.proposed_by(proposal.proposer.body)
            change.create(ProposalBodyRow(pk, "body", lpk=listed, lsk=proposal.id))
        else:
            change.put(row, ProposalRow.version == expected_version)
        for place in published:
            change.create(_row(place))
            if announced:
                change.put(_outbox(place, announced, at))
        if key and receipt:
            change.create(receipt_row(key, receipt, at))
        change.commit()

    def load(self, places: Sequence[Place]) -> int:
        return sum(self._added(place) for place in places)

    @reading
    def _added(self, place: Place) -> bool:
        try:
            _row(place).save(condition=PlaceRow.pk.does_not_exist())
        except PutError as error:
            if not is_condition_failure(error):
                raise
            return False
        return True


def proposal_text(proposal: Proposal) -> str:
    """A proposal as stored. Raises Invalid for one that no row can hold."""
    text = dumps(proposal)
    if len(text.encode()) > _LARGEST:
        raise Invalid.because("place.proposal-too-large", "/places")
    return text


def tiles_around(position: Position) -> list[str]:
    """The tile of one degree in which a position lies, and the eight around it."""
    south, west = position.latitude // _DEGREE, position.longitude // _DEGREE
    return [_tile(south + up, west + right) for up in (-1, 0, 1) for right in (-1, 0, 1)]


def tile_of(position: Position) -> str:
    """The tile of one degree in which a position lies."""
    return _tile(position.latitude // _DEGREE, position.longitude // _DEGREE)


def _tile(south: int, west: int) -> str:
    return f"tile#{south}#{west}"


def _row(place: Place) -> PlaceRow:
    row = PlaceRow(_area(area_of(place.division)), f"place#{place.id}#{place.version:08d}")
    row.snapshot = dumps(place)
    if place.position is not None:
        row.lpk, row.lsk = tile_of(place.position), f"{place.id}#{place.version:08d}"
    return row


def _outbox(place: Place, types: Sequence[str], at: datetime) -> t.OutboxRow:
    """What the relay has to publish of a new version: the place stands where a case would."""
    first = place.version
    return t.OutboxRow(
        f"outbox#{t.shard_of(place.id)}",
        f"{instant(at)}#{place.id}#{first:08d}",
        case_id=place.id,
        first=first,
        last=first,
        types=json.dumps([[first, name] for name in types]),
        recorded_at=instant(at),
    )


def _area(area: str) -> str:
    return f"area#{area}"


def _proposal(proposal_id: str) -> str:
    return f"proposal#{proposal_id}"
