"""What places and schedules need from the outside, as Protocols; ``ports.Ports`` includes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.place_reviews import Proposal
from chalicelib.domain.schedules import Place, Position

if TYPE_CHECKING:
    from chalicelib.services.ports import Page, Receipt, RequestKey


class Places(Protocol):
    """Published places, as everybody may ask for them. What was read is used for a minute."""

    def place(self, place_id: str, day: date) -> Place | None:
        """The version of a place that counts on a legal day, a closing one too; None if there is none yet."""
        ...

    def area(self, division: str) -> Sequence[Place]:
        """Every version of every place of an area (``schedules.area_of`` the division), by id and version.

        ``on`` chooses those that count on a day.
        """
        ...

    def on(self, division: str, day: date) -> Mapping[str, Place]:
        """By id, the versions of an area that count on a legal day, closing ones too."""
        ...

    def alike(self, division: str, day: date, *, abroad: bool) -> Sequence[Sequence[Place]]:
        """Those of ``on`` that are not closed, in groups (``service_points.alike``)."""
        ...

    def near(self, position: Position) -> frozenset[str]:
        """The ids of places whose position lies in the same or a neighbouring tile of one degree."""
        ...


class PlaceStore(Protocol):
    """Keeps the versions of places, and the proposals by which they change."""

    def versions(self, area: str) -> Sequence[Place]:
        """Every version of every place of an area, by id and version (strongly consistent)."""
        ...

    def near(self, position: Position) -> frozenset[str]:
        """See ``Places.near``. Consistent in the end: the newest versions may be missing for a moment."""
        ...

    def proposal(self, proposal_id: str) -> Proposal | None:
        """The proposal as last committed (strongly consistent)."""
        ...

    def proposals(self, listing: str, after: str | None, limit: int) -> Page[Proposal]:
        """Proposals of a list (``place_reviews.proposed_by``, ``to_review``), newest first."""
        ...

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
        """Write the proposal, the versions that it publishes, their events and the receipt in one transaction.

        ``announced``: the types of the events of every published version. Raises Conflict when the proposal has
        moved on, one of the versions exists already, or the key was used in between.
        """
        ...

    def load(self, places: Sequence[Place]) -> int:
        """Add versions that no review made (demo places); those that exist stay. Answers how many were added."""
        ...


class SchedulePorts(Protocol):
    """The part of ``ports.Ports`` that places and schedules use."""

    @property
    def places(self) -> Places: ...
    @property
    def place_store(self) -> PlaceStore: ...
