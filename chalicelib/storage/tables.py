"""The rows of the cases table (docs/data-model.md lists every query with its key and cost).

One base model with discriminator subclasses, so that one client serves them all. ``bind`` names the
table and makes the connection; it runs once at start, before the first query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from pynamodb.attributes import BinaryAttribute, DiscriminatorAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from chalicelib.storage.binding import TableSettings, bound

if TYPE_CHECKING:
    from pynamodb.connection import Connection

SHARDS = 16
"""Outbox and timers are spread over this many partitions, by a hash of the case."""


def shard_of(case_id: str) -> int:
    """The shard of a case, the same in every process."""
    return crc32(case_id.encode()) % SHARDS


class Listing(GlobalSecondaryIndex["Row"]):  # type: ignore[no-untyped-call]
    """Worklists, my cases, my authorities: ``lpk`` names the list, ``lsk`` the order. Sparse."""

    class Meta:  # noqa: D106 -- PynamoDB's own name for a model's settings
        index_name = "listing"
        projection = AllProjection()

    lpk = UnicodeAttribute(hash_key=True)
    lsk = UnicodeAttribute(range_key=True)


class Due(GlobalSecondaryIndex["Row"]):  # type: ignore[no-untyped-call]
    """Timers by shard and moment. Sparse."""

    class Meta:  # noqa: D106 -- PynamoDB's own name for a model's settings
        index_name = "due"
        projection = AllProjection()

    dpk = UnicodeAttribute(hash_key=True)
    dsk = UnicodeAttribute(range_key=True)


class Row(Model):
    """Base of every row."""

    class Meta(TableSettings):  # noqa: D106 -- PynamoDB's own name for a model's settings
        pass

    kind = DiscriminatorAttribute()
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    lpk = UnicodeAttribute(null=True)
    lsk = UnicodeAttribute(null=True)
    dpk = UnicodeAttribute(null=True)
    dsk = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)

    listing = Listing()
    due = Due()


class CaseRow(Row, discriminator="case"):
    """case#<id>/case: the snapshot, sealed. Version, state and head of the log are plain: they name nobody."""

    version = NumberAttribute()
    state = UnicodeAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)
    log_head = UnicodeAttribute()


class EventRow(Row, discriminator="event"):
    """case#<id>/event#<number>: one event, sealed. ``hash`` covers ``prev_hash`` and the payload as stored."""

    payload = BinaryAttribute(legacy_encoding=False)
    prev_hash = UnicodeAttribute()
    hash = UnicodeAttribute()


class HeadRow(Row, discriminator="head"):
    """case#<id>/head: how far the log goes, listed by the day of the last change for the anchor.

    A row of its own, and not attributes of the case's: the index copies the whole row at each change, and
    whoever makes the anchor needs no more than this.
    """

    version = NumberAttribute()
    log_head = UnicodeAttribute()


class AccessRow(Row, discriminator="access"):
    """case#<id>, visit#<id>/access#<moment>#<chance>: somebody read another's data."""

    subject = UnicodeAttribute()
    actor_kind = UnicodeAttribute()
    body = UnicodeAttribute()
    what = UnicodeAttribute()
    at = UnicodeAttribute()


class KeyRow(Row, discriminator="key"):
    """key#<owner>/key: the wrapped data key of a case or authority. Destroying it erases what it sealed."""

    wrapped = BinaryAttribute(legacy_encoding=False)


class UploadRow(Row, discriminator="upload"):
    """case#<id>/upload#<number>: an upload, sealed; its file lies in a bucket."""

    version = NumberAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)


class TaskRow(Row, discriminator="task"):
    """case#<id>/task#<number>: an open task, in the queue of its body or of the officer who holds it."""

    case_id = UnicodeAttribute()
    number = NumberAttribute()
    role = UnicodeAttribute()
    body = UnicodeAttribute()
    assignee = UnicodeAttribute()
    opened_at = UnicodeAttribute()
    item_name = UnicodeAttribute()
    case_number = UnicodeAttribute()


class PartyRow(Row, discriminator="party"):
    """case#<id>/party#<subject>: lists the case among those of an applicant or agent."""

    case_id = UnicodeAttribute()


class OutboxRow(Row, discriminator="outbox"):
    """outbox#<shard>/<recorded_at>#<case>#<first>: a commit whose events are not yet known to be on the bus."""

    case_id = UnicodeAttribute()
    first = NumberAttribute()
    last = NumberAttribute()
    types = UnicodeAttribute()
    recorded_at = UnicodeAttribute()


class ReceiptRow(Row, discriminator="receipt"):
    """idem#<scope>/idem: what a keyed request was answered."""

    content = UnicodeAttribute()
    receipt = UnicodeAttribute()


class WebhookRow(Row, discriminator="webhook"):
    """webhook#<sender>#<id>/webhook: a signed call had its effect. DynamoDB drops it some time after ``ttl``."""


class PresenceRow(Row, discriminator="presence"):
    """presence#<code id>/presence: a presence code was used. DynamoDB drops it some time after ``ttl``."""

    case_id = UnicodeAttribute()


class TokenRow(Row, discriminator="token"):
    """token#<case>/<task>: a workflow's task token. Its own prefix, so that IAM can guard it."""

    token = UnicodeAttribute()
    attempt = NumberAttribute(default=1)  # rows from before it was kept; a wrong guess ends an old execution, no case


class CounterRow(Row, discriminator="counter"):
    """counter#<item code>/<day>: the running number of an item on a day."""

    value = NumberAttribute()


class AboutRow(Row, discriminator="about"):
    """case#<id>/about#<identifier>: lists the case among those that rest on a certificate."""

    case_id = UnicodeAttribute()


class TimerRow(Row, discriminator="timer"):
    """case#<id>/timer#<kind>: look at this case at that moment."""

    case_id = UnicodeAttribute()
    timer = UnicodeAttribute()
    due_at = UnicodeAttribute()


class DocumentRow(Row, discriminator="document"):
    """document#<number>/document: finds a written act by its number."""

    case_id = UnicodeAttribute()
    document = UnicodeAttribute()


class AuthorityRow(Row, discriminator="authority"):
    """authority#<id>/authority: an agent's authority, listed for the agent; the snapshot sealed."""

    version = NumberAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)


class PrincipalRow(Row, discriminator="principal"):
    """authority#<id>/principal: lists the authority for the one who gives it."""

    authority_id = UnicodeAttribute()


class EnquiryRow(Row, discriminator="enquiry"):
    """enquiry#<id>/enquiry: the snapshot, sealed; listed for its owner."""

    version = NumberAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)


class EnquiryStepRow(Row, discriminator="enquiry_step"):
    """enquiry#<id>/step#<number>: one step of its history, sealed, never changed."""

    payload = BinaryAttribute(legacy_encoding=False)


class EnquiryOfferRow(Row, discriminator="enquiry_offer"):
    """enquiry#<id>/offer: lists it for whom it is offered to, while it is."""

    enquiry_id = UnicodeAttribute()


class MandateRow(Row, discriminator="mandate"):
    """mandate#<id>/mandate: a chief representative's mandate, listed for the officer."""

    version = NumberAttribute()
    snapshot = UnicodeAttribute()


class MandateBodyRow(Row, discriminator="mandate_body"):
    """mandate#<id>/body: lists the mandate for the body whose head gave it."""

    mandate_id = UnicodeAttribute()


class OutageRow(Row, discriminator="outage"):
    """outage#<service>/<number>: when a service of the platform itself was down."""

    version = NumberAttribute()
    snapshot = UnicodeAttribute()


class CertificateRow(Row, discriminator="certificate"):
    """certificate#<identifier>/certificate: listed for its holder; sealed under the key of its case."""

    version = NumberAttribute()
    case_id = UnicodeAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)


class SuccessorRow(Row, discriminator="successor"):
    """certificate#<identifier>/successor: another took its place; empty: none ever will.

    It outlives the erasure of the earlier case, and goes when the earlier certificate counts again.
    """

    successor = UnicodeAttribute()


class ContactsRow(Row, discriminator="contacts"):
    """contacts#<subject>/contacts: a person's numbers and addresses, sealed under a key of their own."""

    version = NumberAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)


class CreditRow(Row, discriminator="credit"):
    """credit#<subject>/credit: how many entries the file of a subject has. Changes of cases rest on it."""

    version = NumberAttribute()


class CreditEntryRow(Row, discriminator="credit_entry"):
    """credit#<subject>/entry#<number>: one entry, sealed under a key of the subject's own, never changed."""

    payload = BinaryAttribute(legacy_encoding=False)


class CreditRecordRow(Row, discriminator="credit_record"):
    """credit-record#<id>/credit: whose file a record stands in."""

    subject = UnicodeAttribute()


class MessageRow(Row, discriminator="message"):
    """message#<case id>/<slot>: what the applicant was told, listed for them; sealed under the key of its case."""

    version = NumberAttribute()
    snapshot = BinaryAttribute(legacy_encoding=False)


def bind(table: str, region: str, host: str | None = None) -> Connection:
    """Name the table for all rows and open the one client they share."""
    return bound(Row, table, region, host)
