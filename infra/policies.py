"""One least-privilege policy for each function, from what ``infra.functions.USES`` says it does.

DynamoDB is granted by key prefix (condition ``dynamodb:LeadingKeys``), so that a function reaches only the
kinds of rows it works with. Task tokens get a second lock: whoever does not handle tokens is *denied* them,
whatever else a later change might allow. There is no Scan, and no ``Resource: "*"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from infra import names
from infra.functions import Function, Use

Json = dict[str, Any]

_READ = ("GetItem", "BatchGetItem", "Query")
_WRITE = ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem")
_TOKENS = "token#*"
_TOKEN_USES = {Use.STORE_TOKENS, Use.REPORT_TOKENS}

# Which rows of the cases table a use touches, and how. A command's transaction writes the case and its log, the
# outbox row, the receipt, its documents, and checks an authority (docs/data-model.md).
_CASES_TABLE: dict[Use, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Use.READ_CASES: (_READ, ("case#*", "document#*")),
    Use.CHANGE_CASES: (_WRITE, ("case#*", "outbox#*", "idem#*", "document#*")),
    Use.SET_TIMERS: (("PutItem", "DeleteItem"), ("case#*",)),
    Use.NUMBER_CASES: (("UpdateItem",), ("counter#*",)),
    Use.READ_AUTHORITIES: (_READ, ("authority#*",)),
    Use.CHANGE_AUTHORITIES: (_WRITE, ("authority#*", "idem#*")),
    Use.READ_ENQUIRIES: (_READ, ("enquiry#*",)),
    Use.CHANGE_ENQUIRIES: (_WRITE, ("enquiry#*", "idem#*")),
    Use.READ_MANDATES: (_READ, ("mandate#*",)),
    Use.CHANGE_MANDATES: (_WRITE, ("mandate#*", "idem#*")),
    Use.READ_OUTAGES: (_READ, ("outage#*",)),
    Use.CHANGE_OUTAGES: (_WRITE, ("outage#*", "idem#*")),
    Use.READ_CERTIFICATES: (_READ, ("certificate#*",)),
    Use.WRITE_CERTIFICATES: (("PutItem",), ("certificate#*",)),
    Use.READ_CREDIT: (("GetItem", "Query"), ("credit#*", "credit-record#*")),
    Use.CHANGE_CREDIT: (("PutItem", "ConditionCheckItem"), ("credit#*", "credit-record#*", "idem#*")),
    Use.READ_CONTACTS: (("GetItem",), ("contacts#*",)),
    Use.CHANGE_CONTACTS: (("PutItem",), ("contacts#*", "idem#*")),
    Use.READ_MESSAGES: (_READ, ("message#*",)),
    Use.CHANGE_MESSAGES: (("PutItem",), ("message#*", "idem#*")),
    Use.READ_APPOINTMENTS: (_READ, ("appointment#*", "day#*", "booker#*", "queue#*", "terms#*", "visit#*")),
    Use.CHANGE_APPOINTMENTS: (
        _WRITE,
        ("appointment#*", "day#*", "booker#*", "queue#*", "visit#*", "duty#*", "outbox#*", "idem#*"),
    ),
    Use.SET_BOOKING_TERMS: (("PutItem",), ("terms#*", "outbox#*", "idem#*")),
    # A case is read with its key in one call, which one statement has to allow as a whole.
    Use.OPEN_KEYS: (("GetItem", "BatchGetItem"), ("case#*", "key#*")),
    Use.MAKE_KEYS: (("PutItem",), ("key#*",)),
    Use.DESTROY_KEYS: (("DeleteItem",), ("key#*", "certificate#*", "message#*")),
    Use.TAKE_REPORTS: (("GetItem", "PutItem"), ("webhook#*",)),
    Use.SIGN_PRESENCE: (("GetItem", "PutItem"), ("presence#*",)),
    Use.READ_RECEIPTS: (("GetItem",), ("idem#*",)),
    Use.STORE_TOKENS: (("PutItem",), (_TOKENS,)),
    Use.REPORT_TOKENS: (("GetItem", "Query", "DeleteItem"), (_TOKENS,)),
    Use.READ_OUTBOX: (("Query",), ("outbox#*",)),
    Use.CLEAR_OUTBOX: (("DeleteItem",), ("outbox#*",)),
}

# What a use does with rows of the table of places.
_PLACES_TABLE: dict[Use, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Use.READ_PLACES: (_READ, ("area#*", "proposal#*")),
    Use.CHANGE_PLACES: (("PutItem",), ("area#*", "proposal#*")),
}

_INDEXES: dict[Use, tuple[str, str, tuple[str, ...] | None]] = {
    Use.LIST_CASES: ("CasesTable", "listing", None),
    Use.READ_HEADS: ("CasesTable", "listing", ("heads#*",)),
    Use.READ_DUE: ("CasesTable", "due", ("due#*",)),
    Use.LIST_PLACES: ("PlacesTable", "listing", None),
}

_MACHINES = ("case_routing", "commitment_check")

_OTHERS: dict[Use, tuple[tuple[str, ...], Sequence[Any]]] = {
    Use.READ_CATALOG: (
        tuple(f"dynamodb:{action}" for action in _READ),
        (names.arn_of("CatalogTable"),),
    ),
    Use.PUBLISH: (("events:PutEvents",), (names.arn_of("EventBus"),)),
    Use.START_WORKFLOWS: (("states:StartExecution",), tuple(names.state_machine_arn(each) for each in _MACHINES)),
    Use.INSPECT_WORKFLOWS: (("states:DescribeExecution",), tuple(names.execution_arns(each) for each in _MACHINES)),
    Use.REPORT_TASKS: (
        ("states:SendTaskSuccess", "states:SendTaskFailure"),
        tuple(names.state_machine_arn(each) for each in _MACHINES),
    ),
    # Who signs a form or an address must be allowed itself what it permits to others.
    Use.RECEIVE_UPLOADS: (
        ("s3:PutObject", "s3:GetObject"),
        (names.objects_in("QuarantineBucket"), names.objects_in("KeptBucket")),
    ),
    Use.SERVE_UPLOADS: (("s3:GetObject",), (names.objects_in("KeptBucket"),)),
    Use.REMOVE_UPLOADS: (
        ("s3:DeleteObject",),
        (names.objects_in("QuarantineBucket"), names.objects_in("KeptBucket")),
    ),
    # Writing under a lock is two rights; reading what was written first asks for its version.
    Use.ANCHOR: (
        ("s3:PutObject", "s3:PutObjectRetention", "s3:GetObject", "s3:GetObjectVersion"),
        (names.objects_in("AnchorBucket"),),
    ),
}


_SECRETS: dict[str, frozenset[Use]] = {
    "CursorSecret": frozenset({Use.SIGN_CURSORS}),
    "PresenceSecret": frozenset({Use.SIGN_PRESENCE}),
    "SmsSecret": frozenset({Use.SEND_SMS, Use.TAKE_REPORTS}),
    "PostSecret": frozenset({Use.SEND_POST, Use.TAKE_REPORTS}),
}


def policy(function: Function) -> Json:
    """The policy document of a function, with the intrinsics of the template in its resources."""
    statements = [
        *_logging(function),
        *_rows(function, "CasesTable", _CASES_TABLE),
        *_rows(function, "PlacesTable", _PLACES_TABLE),
        *_indexes(function),
        *_other_services(function),
        *_absent_files(function),
        *_secrets(function),
        *_seal(function),
        *_vault(function),
        *_event_source(function),
    ]
    on_cases = any(use in _CASES_TABLE or _INDEXES.get(use, ("",))[0] == "CasesTable" for use in function.uses)
    if on_cases and not _TOKEN_USES & set(function.uses):
        statements.append(_no_tokens())
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(sid: str, actions: Iterable[str], resources: Sequence[Any], condition: Json | None = None) -> Json:
    statement: Json = {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": list(resources)}
    if condition:
        statement["Condition"] = condition
    return statement


def _sid(use: Use) -> str:
    return "".join(word.capitalize() for word in use.name.split("_"))


def _logging(function: Function) -> list[Json]:
    group = names.arn_of(names.log_group_id(function))
    return [_allow("WriteLog", ("logs:CreateLogStream", "logs:PutLogEvents"), (group,))]


def _rows(function: Function, table: str, granted: dict[Use, tuple[tuple[str, ...], tuple[str, ...]]]) -> list[Json]:
    return [
        _allow(
            _sid(use),
            (f"dynamodb:{action}" for action in actions),
            (names.arn_of(table),),
            # ForAllValues is true of an empty set too; it never is one here, as Scan is not granted.
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(prefixes)}},
        )
        for use in function.uses
        if use in granted
        for actions, prefixes in [granted[use]]
    ]


def _indexes(function: Function) -> list[Json]:
    return [
        _allow(
            _sid(use),
            ("dynamodb:Query",),
            ({"Fn::Sub": f"${{{table}.Arn}}/index/{index}"},),
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(prefixes)}} if prefixes else None,
        )
        for use in function.uses
        if use in _INDEXES
        for table, index, prefixes in [_INDEXES[use]]
    ]


def _other_services(function: Function) -> list[Json]:
    return [_allow(_sid(use), *_OTHERS[use]) for use in function.uses if use in _OTHERS]


def _absent_files(function: Function) -> list[Json]:
    """Without it S3 says of a file that is not there that it may not be read."""
    listing = []
    if Use.RECEIVE_UPLOADS in function.uses:
        listing.append(_allow("MissUploads", ("s3:ListBucket",), (names.arn_of("QuarantineBucket"),)))
    if Use.ANCHOR in function.uses:
        rights = ("s3:ListBucket", "s3:ListBucketVersions")
        listing.append(_allow("ListAnchors", rights, (names.arn_of("AnchorBucket"),)))
    return listing


def _secrets(function: Function) -> list[Json]:
    read = [{"Ref": secret} for secret, by in _SECRETS.items() if by & set(function.uses)]
    return [_allow("ReadSecrets", ("secretsmanager:GetSecretValue",), read)] if read else []


def _seal(function: Function) -> list[Json]:
    actions = {Use.SIGN: ("kms:Sign",), Use.VERIFY: ("kms:GetPublicKey",)}
    return [_allow(_sid(use), actions[use], (names.arn_of("SealKey"),)) for use in function.uses if use in actions]


def _vault(function: Function) -> list[Json]:
    actions = {Use.OPEN_KEYS: ("UnwrapKeys", "kms:Decrypt"), Use.MAKE_KEYS: ("WrapKeys", "kms:GenerateDataKey")}
    used = [actions[use] for use in function.uses if use in actions]
    return [_allow(sid, (action,), (names.arn_of("VaultKey"),)) for sid, action in used]


def _event_source(function: Function) -> list[Json]:
    """What Lambda's poller needs; it works with the function's own role."""
    match names.kind_of_source(function):
        case "queue":
            receive = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
            return [_allow("ReceiveMessages", receive, (names.arn_of(names.queue_id(function)),))]
        case "stream":
            read = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
            listed = {"Fn::Sub": "${CasesTable.Arn}/stream/*"}
            return [
                _allow("ReadStream", (*read, "dynamodb:ListStreams"), (listed,)),
                _allow("KeepPoisonedRecords", ("sqs:SendMessage",), (names.arn_of(names.dead_letters_id(function)),)),
            ]
        case _:
            return []


def _no_tokens() -> Json:
    return {
        "Sid": "NoTaskTokens",
        "Effect": "Deny",
        "Action": ["dynamodb:*"],
        "Resource": [names.arn_of("CasesTable"), {"Fn::Sub": "${CasesTable.Arn}/index/*"}],
        "Condition": {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": [_TOKENS]}},
    }
