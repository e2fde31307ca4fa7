"""The merge template: everything in a stack that Chalice does not make itself.

``chalice package`` writes functions, their roles and the API; ``template(stage)`` adds the rest, and to each
function its environment, log group and event source. Plain Python in, JSON out. Names, handlers, sources and
timeouts come from the code's own registry (``infra.functions``), so that nothing is typed twice.

No ARN begins with ``arn:aws:``: the regions are cn-north-1 and cn-northwest-1, whose partition is ``aws-cn``.
"""

from __future__ import annotations

from typing import Any

from infra import names
from infra.alarms import alarms
from infra.buckets import buckets
from infra.functions import Function, Use, functions
from infra.gateway_responses import gateway_responses
from infra.sources import event_source, sources
from infra.stages import Stage
from infra.storage import storage
from infra.workflows import workflows

Json = dict[str, Any]

LOG_RETENTION_DAYS = 365
"""Network logs are kept for at least six months (网络安全法 art. 23); 180 days, the next lower choice, are fewer."""

_PLACES = frozenset({Use.READ_PLACES, Use.LIST_PLACES, Use.CHANGE_PLACES})
_UPLOADS = frozenset({Use.RECEIVE_UPLOADS, Use.SERVE_UPLOADS, Use.REMOVE_UPLOADS})

# What a use needs to know: environment variable and value. Names are those of chalicelib.settings.Settings.
_KNOWN: dict[str, tuple[frozenset[Use], Any]] = {
    "CATALOG_TABLE": (frozenset({Use.READ_CATALOG}), {"Ref": "CatalogTable"}),
    "PLACES_TABLE": (_PLACES, {"Ref": "PlacesTable"}),
    "EVENT_BUS": (frozenset({Use.PUBLISH}), {"Ref": "EventBus"}),
    "CASE_ROUTING_ARN": (
        frozenset({Use.START_WORKFLOWS, Use.INSPECT_WORKFLOWS, Use.REPORT_TASKS}),
        names.state_machine_arn("case_routing"),
    ),
    "SEAL_KEY_ID": (frozenset({Use.SIGN, Use.VERIFY}), {"Ref": "SealKey"}),
    "VAULT_KEY_ID": (frozenset({Use.OPEN_KEYS, Use.MAKE_KEYS}), {"Ref": "VaultKey"}),
    "QUARANTINE_BUCKET": (_UPLOADS, {"Ref": "QuarantineBucket"}),
    "KEPT_BUCKET": (_UPLOADS, {"Ref": "KeptBucket"}),
    "ANCHOR_BUCKET": (frozenset({Use.ANCHOR}), {"Ref": "AnchorBucket"}),
    "SCANNER_URL": (frozenset({Use.SCAN_UPLOADS}), {"Ref": "ScannerUrl"}),
    "CURSOR_SECRET_ID": (frozenset({Use.SIGN_CURSORS}), {"Ref": "CursorSecret"}),
    "OIDC_ISSUER": (frozenset({Use.KNOW_ISSUER}), {"Ref": "OidcIssuer"}),
    "OIDC_AUDIENCE": (frozenset({Use.KNOW_ISSUER}), {"Ref": "OidcAudience"}),
    "OIDC_JWKS_URL": (frozenset({Use.KNOW_ISSUER}), {"Ref": "OidcJwksUrl"}),
    "PUBLIC_BASE_URL": (frozenset({Use.KNOW_ADDRESS}), {"Ref": "PublicBaseUrl"}),
    "SMS_URL": (frozenset({Use.SEND_SMS}), {"Ref": "SmsUrl"}),
    "POST_URL": (frozenset({Use.SEND_POST}), {"Ref": "PostUrl"}),
    "PAYMENTS_URL": (frozenset({Use.ASK_PAYMENTS}), {"Ref": "PaymentsUrl"}),
}

_NO_CASES = frozenset({*(use for uses, _ in _KNOWN.values() for use in uses)})
"""Uses that have nothing to do with the cases table; every other use is a use of it."""


def template(stage: Stage) -> Json:
    """The template of a stage to be merged into Chalice's own (``chalice package --merge-template``)."""
    all_functions = functions()
    return {
        "Description": f"OneWindow (一窗), {stage.zh}",
        "Parameters": _parameters(),
        "Conditions": {"HasAlarmTopic": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}},
        "Resources": {
            **storage(),
            **buckets(),
            **sources(all_functions),
            **workflows(all_functions, LOG_RETENTION_DAYS),
            **alarms(all_functions),
            **{names.log_group_id(f): _log_group(f) for f in all_functions.values()},
            **{f.logical_id: {"Properties": _additions(f)} for f in all_functions.values()},
            "RestAPI": {"Properties": _api()},
        },
        "Outputs": {
            "CasesTableName": {"Value": {"Ref": "CasesTable"}},
            "CatalogTableName": {"Value": {"Ref": "CatalogTable"}},
            "PlacesTableName": {"Value": {"Ref": "PlacesTable"}},
            "CaseRoutingArn": {"Value": {"Ref": "CaseRouting"}},
            "SealKeyId": {"Value": {"Ref": "SealKey"}},
        },
    }


def environment(function: Function) -> Json:
    """What a function is told about resources: only those that it uses."""
    uses = set(function.uses)
    known = {name: value for name, (by, value) in _KNOWN.items() if by & uses}
    return {"CASES_TABLE": {"Ref": "CasesTable"}, **known} if uses - _NO_CASES else known


def _parameters() -> Json:
    https = {
        "AllowedPattern": "https://[^\\s]+[^/\\s]",
        "ConstraintDescription": "an https URL without a slash at its end",
    }
    return {
        "OidcIssuer": {"Type": "String", "Description": "Issuer of the tokens, exactly as in their iss claim", **https},
        "OidcAudience": {"Type": "String", "MinLength": 1, "Description": "The audience that tokens must name (aud)"},
        "OidcJwksUrl": {"Type": "String", "Description": "Where the issuer publishes its keys (JWKS)", **https},
        "PublicBaseUrl": {
            "Type": "String",
            "Description": "Where the public reaches the API; printed into the QR codes of certificates",
            **https,
        },
        "SmsUrl": {
            "Type": "String",
            "Default": "",
            "Description": "Provider of text messages; empty: numbers cannot be confirmed",
            "AllowedPattern": "(https://[^\\s]+)?",
        },
        "PostUrl": {
            "Type": "String",
            "Default": "",
            "Description": "Provider of letters; empty: none are sent",
            "AllowedPattern": "(https://[^\\s]+)?",
        },
        "PaymentsUrl": {
            "Type": "String",
            "Default": "",
            "Description": "Provider of online payment (docs/window.md); empty: fees are paid at the window",
            "AllowedPattern": "(https://[^\\s]+)?",
        },
        "ScannerUrl": {
            "Type": "String",
            "Default": "",
            "Description": "Service that looks through uploads (docs/uploads.md); may be empty",
        },
        "AlarmTopicArn": {
            "Type": "String",
            "Default": "",
            "Description": "SNS topic that is told of alarms; may be empty",
        },
    }


def _additions(function: Function) -> Json:
    properties: Json = {
        "LoggingConfig": {"LogGroup": {"Ref": names.log_group_id(function)}},
        "Environment": {"Variables": environment(function)},
    }
    if event := event_source(function):
        properties["Events"] = event
    return properties


def _log_group(function: Function) -> Json:
    return {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {
            "LogGroupName": {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}/{function.name}"},
            "RetentionInDays": LOG_RETENTION_DAYS,
        },
    }


def _api() -> Json:
    return {
        "Name": {"Ref": "AWS::StackName"},
        "GatewayResponses": gateway_responses(),
        "MethodSettings": [
            {
                "ResourcePath": "/*",
                "HttpMethod": "*",
                "MetricsEnabled": True,
                # Bodies are personal data: never traced.
                "DataTraceEnabled": False,
                "LoggingLevel": "OFF",
                "ThrottlingRateLimit": 500,
                "ThrottlingBurstLimit": 1000,
            }
        ],
    }
