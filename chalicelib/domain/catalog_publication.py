"""A publication: everything that one release of the catalogue consists of, judged before it leaves here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.catalog import Body
from chalicelib.domain.catalog_digests import digest_of
from chalicelib.domain.catalog_layers import merge
from chalicelib.domain.catalog_rules import violations
from chalicelib.domain.catalog_summaries import summary_of
from chalicelib.domain.errors import Invalid, Violation
from chalicelib.domain.organisation_codes import is_uscc

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReleaseHead:
    """Which release is in force."""

    number: int
    published_at: str  # ISO 8601, UTC
    digest: str  # over everything that was published


@dataclass(frozen=True, slots=True)
class Publication:
    """Documents in force, their summaries, the vocabulary, and the bodies by group.

    A group is a division of level 2–4; a banner's group holds its townships' bodies too.
    """

    documents: Sequence[Json]
    summaries: Sequence[Json]
    vocabulary: Json  # themes, synonyms, departments, main items, initials
    bodies: Mapping[str, Sequence[Body]]
    digest: str
    published_at: str

    @property
    def versions(self) -> dict[str, int]:
        """The version in force of every item, by basic code."""
        return {document["basic_code"]: document["version"] for document in self.documents}

    @property
    def displaced(self) -> dict[str, str]:
        """Credit code to group, for bodies whose code does not begin with their group's division."""
        return {
            body.uscc: group for group, bodies in self.bodies.items() for body in bodies if body.uscc[2:8] != group[:6]
        }


def publication_of(
    files: Mapping[str, Json], bodies: Mapping[str, Sequence[Body]], *, published_at: str
) -> Publication:
    """Merge the layers (files law, demo, vocabulary, initials), judge everything, make the publication.

    Raises Invalid with every violation of the publication rules; then nothing may be published.
    """
    documents = merge(files["law"], files["demo"], files["vocabulary"])
    departments = {
        code: {key: value for key, value in department.items() if key in ("name", "name_en", "bodies", "kind")}
        for code, department in files["demo"]["departments"].items()
    }
    vocabulary: Json = {
        "themes": files["vocabulary"]["themes"],
        "synonyms": files["vocabulary"]["synonyms"],
        "departments": departments,
        "initials": files["initials"]["initials"],
    }
    found = violations(documents, vocabulary) + list(_body_violations(bodies.values()))
    if found:
        raise Invalid(*found)
    summaries = [summary_of(document) for document in documents]
    content = [documents, vocabulary, {g: [_plain(b) for b in bs] for g, bs in bodies.items()}]
    return Publication(documents, summaries, vocabulary, bodies, digest_of(content), published_at)


def _body_violations(groups: Iterable[Sequence[Body]]) -> Iterable[Violation]:
    seen: set[str] = set()
    for body in (body for group in groups for body in group):
        if not is_uscc(body.uscc):
            yield Violation("catalog.uscc-form", f"/bodies/{body.id}/uscc", {"body": body.name})
        if body.uscc in seen:
            yield Violation("catalog.uscc-twice", f"/bodies/{body.id}/uscc", {"body": body.name})
        seen.add(body.uscc)


def _plain(body: Body) -> list[object]:
    return [body.id, body.name, body.uscc, body.kind.value, body.demo]
