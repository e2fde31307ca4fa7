"""Who serves which port: made lazily, once for each container, from the settings.

``install`` puts another wiring in place: tests bring in-memory twins, the emulated cloud its movable
clock. Product code only ever asks ``current()``.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.services import (
    appointment_ports,
    commitment_ports,
    credit_ports,
    log_ports,
    message_ports,
    outage_ports,
    ports,
    schedule_ports,
    seal_ports,
    upload_ports,
)
from chalicelib.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chalicelib.domain.divisions import DivisionIndex
    from chalicelib.gateways.jwks import KeySource
    from chalicelib.gateways.provider import Credentials
    from chalicelib.gateways.secrets import RotatedSecret
    from chalicelib.services.catalog_ports import CatalogStore
    from chalicelib.storage.catalog_view import CatalogView
    from chalicelib.storage.sealing import Safe


class Wiring:
    """Implements ``services.ports.Ports``. Keyword overrides replace single members.

    Imports of heavy libraries stand inside the members, so that a function pays only for what it uses.
    """

    def __init__(self, settings: Settings, **overrides: Any) -> None:
        self.settings = settings
        for name, member in overrides.items():
            if not hasattr(type(self), name):
                raise TypeError(f"no such member: {name}")
            self.__dict__[name] = member  # where cached_property keeps its value

    @property
    def home(self) -> str:
        return self.settings.region_code

    @cached_property
    def clock(self) -> ports.Clock:
        from chalicelib.gateways.clock import SystemClock

        return SystemClock()

    @cached_property
    def ids(self) -> ports.Ids:
        from chalicelib.gateways.ids import UlidIds

        return UlidIds()

    @cached_property
    def forms(self) -> ports.Forms:
        from chalicelib.schemas.validation import JsonSchemaForms

        return JsonSchemaForms()

    @cached_property
    def calendar(self) -> ports.CalendarSource:
        from chalicelib.storage.calendar import KeptCalendar
        from chalicelib.storage.calendar_years import DynamoYears

        _ = self.catalog_store  # the rows must be bound to their table before the first query
        return KeptCalendar(DynamoYears(), self.clock)

    @cached_property
    def _cases_connection(self) -> Any:
        from chalicelib.storage import tables

        self.settings.require("cases_table", "aws_region")
        return tables.bind(self.settings.cases_table, self.settings.aws_region, self.settings.dynamodb_endpoint or None)

    @cached_property
    def vault(self) -> log_ports.Vault:
        from chalicelib.gateways.vault import KmsVault

        self.settings.require("vault_key_id", "stage")
        return KmsVault(self._client("kms"), self.settings.vault_key_id, self.settings.stage, self.clock)

    @cached_property
    def _safe(self) -> Safe:
        from chalicelib.storage.sealing import Safe

        return Safe(lambda: self.vault)

    @cached_property
    def cases(self) -> ports.CaseRepository:
        from chalicelib.storage.cases import DynamoCases

        return DynamoCases(self._cases_connection, self._safe)

    @cached_property
    def authorities(self) -> ports.AuthorityRepository:
        from chalicelib.storage.authorities import DynamoAuthorities

        return DynamoAuthorities(self._cases_connection, self._safe)

    @cached_property
    def enquiries(self) -> ports.EnquiryRepository:
        from chalicelib.storage.enquiries import DynamoEnquiries

        return DynamoEnquiries(self._cases_connection, self._safe)

    @cached_property
    def logs(self) -> log_ports.CaseLogs:
        from chalicelib.storage.case_logs import DynamoCaseLogs

        return DynamoCaseLogs(self._cases_connection, self._safe)

    @cached_property
    def anchors(self) -> log_ports.AnchorStore:
        from chalicelib.gateways.anchors import S3Anchors

        self.settings.require("anchor_bucket")
        return S3Anchors(self._client("s3"), self.settings.anchor_bucket, self.clock)

    @cached_property
    def uploads(self) -> upload_ports.UploadRepository:
        from chalicelib.storage.uploads import DynamoUploads

        return DynamoUploads(self._cases_connection, self._safe)

    @cached_property
    def objects(self) -> upload_ports.Objects:
        from chalicelib.gateways.objects import S3Objects, s3_client

        told = self.settings
        told.require("quarantine_bucket", "kept_bucket", "aws_region")
        client = s3_client(told.aws_region)
        public = s3_client(told.aws_region, told.s3_public_endpoint) if told.s3_public_endpoint else client
        return S3Objects(client, public, told.quarantine_bucket, told.kept_bucket)

    @cached_property
    def scanner(self) -> upload_ports.Scanner:
        from chalicelib.gateways.scanning import HttpScanner, NoScanner

        return HttpScanner(self.settings.scanner_url) if self.settings.scanner_url else NoScanner()

    @cached_property
    def mandates(self) -> ports.MandateRepository:
        from chalicelib.storage.mandates import DynamoMandates

        return DynamoMandates(self._cases_connection)

    @cached_property
    def outages(self) -> outage_ports.OutageRepository:
        from chalicelib.storage.outages import DynamoOutages

        return DynamoOutages(self._cases_connection)

    @cached_property
    def credit(self) -> credit_ports.CreditRepository:
        from chalicelib.storage.credit import DynamoCredit

        return DynamoCredit(self._cases_connection, self._safe)

    @cached_property
    def contacts(self) -> message_ports.ContactRepository:
        from chalicelib.storage.messages import DynamoContacts

        return DynamoContacts(self._cases_connection, self._safe)

    @cached_property
    def messages(self) -> message_ports.MessageRepository:
        from chalicelib.storage.messages import DynamoMessages

        return DynamoMessages(self._cases_connection, self._safe)

    @cached_property
    def message_texts(self) -> message_ports.MessageTexts:
        from chalicelib.storage.message_texts import PackagedTexts

        return PackagedTexts()

    @cached_property
    def _credentials(self) -> Mapping[str, Credentials]:
        from chalicelib.gateways.provider import Credentials
        from chalicelib.gateways.secrets import RotatedSecret

        client, told = self._client("secretsmanager"), self.settings
        ids = {"sms": told.sms_secret_id, "post": told.post_secret_id}
        return {channel: Credentials(RotatedSecret(client, ids[channel], self.clock)) for channel in ids}

    def webhook_secrets(self, sender: str) -> Sequence[bytes]:
        known = self._credentials.get(sender)
        return known.callback_secrets() if known else ()

    @cached_property
    def sms(self) -> message_ports.SmsPort:
        from chalicelib.gateways.sms import HttpSms

        return HttpSms(self.settings.sms_url, self._credentials["sms"])

    @cached_property
    def post(self) -> message_ports.PostPort:
        from chalicelib.gateways.post import HttpPost

        return HttpPost(self.settings.post_url, self._credentials["post"])

    @property
    def public_address(self) -> str:
        self.settings.require("public_base_url")
        return self.settings.public_base_url

    @cached_property
    def payments(self) -> ports.PaymentProvider:
        from chalicelib.gateways.payments import HttpPayments, WindowOnly

        return HttpPayments(self.settings.payments_url) if self.settings.payments_url else WindowOnly()

    @cached_property
    def held(self) -> ports.HeldData:
        from chalicelib.storage.held import HeldCertificates

        return HeldCertificates(self.certificates)

    @cached_property
    def certificates(self) -> ports.CertificateRepository:
        from chalicelib.storage.certificates import DynamoCertificates

        _ = self._cases_connection  # the rows must be bound to their table before the first query
        return DynamoCertificates(self._safe)

    @cached_property
    def seal(self) -> seal_ports.Seal:
        from chalicelib.gateways.seal import KmsSeal, former_keys

        self.settings.require("seal_key_id")
        former = former_keys(self.settings.former_seal_keys)
        return KmsSeal(self._client("kms"), self.settings.seal_key_id, former)

    @cached_property
    def signatures(self) -> commitment_ports.Signatures:
        from chalicelib.gateways.signatures import SealedConfirmation

        return SealedConfirmation(self.seal)

    @cached_property
    def catalog_store(self) -> CatalogStore:
        """The published catalogue as stored: what the loader writes to."""
        from chalicelib.storage import catalog

        self.settings.require("catalog_table", "aws_region")
        connection = catalog.bind(
            self.settings.catalog_table, self.settings.aws_region, self.settings.dynamodb_endpoint or None
        )
        return catalog.DynamoCatalogStore(connection)

    @cached_property
    def catalog(self) -> CatalogView:
        """The catalogue as the use cases ask it. It keeps what it has read, by release."""
        from chalicelib.storage.catalog_view import CatalogView

        return CatalogView(self.catalog_store, self.clock)

    @cached_property
    def appointments(self) -> appointment_ports.AppointmentRepository:
        from chalicelib.storage.appointments import DynamoAppointments

        return DynamoAppointments(self._cases_connection, self._safe)

    @cached_property
    def tickets(self) -> appointment_ports.TicketRepository:
        from chalicelib.storage.tickets import DynamoTickets

        return DynamoTickets(self._cases_connection)

    @cached_property
    def visits(self) -> appointment_ports.VisitRepository:
        from chalicelib.storage.visits import DynamoVisits

        return DynamoVisits(self._cases_connection, self._safe)

    @cached_property
    def place_store(self) -> schedule_ports.PlaceStore:
        """Places as stored: what reviews change and the loader of demo places writes to."""
        from chalicelib.storage import places

        told = self.settings
        told.require("places_table", "aws_region")
        places.bind(told.places_table, told.aws_region, told.dynamodb_endpoint or None)
        return places.DynamoPlaces(self._cases_connection)

    @cached_property
    def places(self) -> schedule_ports.Places:
        from chalicelib.storage.places_view import KeptPlaces

        return KeptPlaces(self.place_store, self.clock)

    @cached_property
    def divisions(self) -> DivisionIndex:
        """The divisions of the region, from package data."""
        from chalicelib.storage.divisions import packaged_divisions

        return packaged_divisions()

    @cached_property
    def workflows(self) -> ports.Workflows:
        from chalicelib.gateways.workflows import StepFunctionsWorkflows

        self.settings.require("case_routing_arn")
        return StepFunctionsWorkflows(self._client("stepfunctions"), self.settings.case_routing_arn)

    @cached_property
    def checks(self) -> ports.Workflows:
        from chalicelib.gateways.workflows import StepFunctionsWorkflows

        self.settings.require("commitment_check_arn")
        return StepFunctionsWorkflows(self._client("stepfunctions"), self.settings.commitment_check_arn)

    @cached_property
    def bus(self) -> ports.Bus:
        from chalicelib.gateways.bus import EventBridgeBus

        self.settings.require("event_bus")
        return EventBridgeBus(self._client("events"), self.settings.event_bus)

    @cached_property
    def cursor_secret(self) -> bytes:
        """What cursors are signed with (edge/cursors.py)."""
        from chalicelib.gateways.secrets import read_secret

        self.settings.require("cursor_secret_id")
        return read_secret(self._client("secretsmanager"), self.settings.cursor_secret_id)

    @cached_property
    def _presence_secret(self) -> RotatedSecret:
        from chalicelib.gateways.secrets import RotatedSecret

        self.settings.require("presence_secret_id")
        return RotatedSecret(self._client("secretsmanager"), self.settings.presence_secret_id, self.clock)

    @property
    def presence_secrets(self) -> Sequence[bytes]:
        return self._presence_secret.versions()

    @cached_property
    def jwks(self) -> KeySource:
        """The public keys of the OIDC issuer (edge/issuer.py keeps them)."""
        from chalicelib.gateways.jwks import HttpKeySource

        self.settings.require("oidc_jwks_url")
        return HttpKeySource(self.settings.oidc_jwks_url, self.clock)

    def _client(self, service: str) -> Any:
        import boto3
        from botocore.config import Config

        # API Gateway gives up after 29 s; a call that hangs must fail, and be repeated, long before.
        config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
        make: Any = boto3.client  # its overloads want a literal
        return make(service, region_name=self.settings.aws_region, config=config)


_current: Wiring | None = None


def current() -> Wiring:
    """The wiring of this process; made from the environment when first asked for."""
    global _current
    if _current is None:
        _current = Wiring(Settings.from_env(os.environ))
    return _current


def install(wiring: Wiring | None) -> None:
    """Put another wiring in place; None lets the next ``current()`` read the environment again."""
    global _current
    _current = wiring
