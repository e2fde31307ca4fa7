"""Tables, key and secret of a stack: what outlives it."""

from __future__ import annotations

from typing import Any

from infra import names

Json = dict[str, Any]

_KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def storage() -> Json:
    """The resources that hold facts. Deleting the stack leaves every one of them."""
    return {
        "CasesTable": _table(
            "cases",
            ttl="ttl",
            StreamSpecification={"StreamViewType": "NEW_IMAGE"},
            GlobalSecondaryIndexes=[_index("listing", "lpk", "lsk"), _index("due", "dpk", "dsk")],
            _more_attributes=("lpk", "lsk", "dpk", "dsk"),
        ),
        "CatalogTable": _table("catalog"),
        "PlacesTable": _table(
            "places", GlobalSecondaryIndexes=[_index("listing", "lpk", "lsk")], _more_attributes=("lpk", "lsk")
        ),
        "SealKey": _key(
            "Seals electronic certificates. The private key never leaves KMS.",
            KeySpec="ECC_NIST_P256",
            KeyUsage="SIGN_VERIFY",
        ),
        "SealKeyAlias": _alias("seal", "SealKey"),
        "VaultKey": _key(
            "Wraps the data keys under which personal data is stored. Without it all of it is lost.",
            KeySpec="SYMMETRIC_DEFAULT",
            KeyUsage="ENCRYPT_DECRYPT",
            EnableKeyRotation=True,
        ),
        "VaultKeyAlias": _alias("vault", "VaultKey"),
        "CursorSecret": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Name": names.physical("cursors"),
                "Description": "Signs the positions in listings (cursors) that the API hands out.",
                "GenerateSecretString": {"PasswordLength": 64, "ExcludePunctuation": True},
            },
        },
    }


def _table(suffix: str, *, ttl: str = "", _more_attributes: tuple[str, ...] = (), **properties: Any) -> Json:
    attributes = ("pk", "sk", *_more_attributes)
    table: Json = {
        "TableName": names.physical(suffix),
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        "KeySchema": _keys("pk", "sk"),
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
        "DeletionProtectionEnabled": True,
        **properties,
    }
    if ttl:
        table["TimeToLiveSpecification"] = {"AttributeName": ttl, "Enabled": True}
    return {"Type": "AWS::DynamoDB::Table", **_KEPT, "Properties": table}


def _index(name: str, partition: str, sort: str) -> Json:
    return {"IndexName": name, "KeySchema": _keys(partition, sort), "Projection": {"ProjectionType": "ALL"}}


def _keys(partition: str, sort: str) -> list[Json]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _key(description: str, **properties: Any) -> Json:
    root = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    return {
        "Type": "AWS::KMS::Key",
        **_KEPT,
        "Properties": {
            "Description": description,
            **properties,
            "PendingWindowInDays": 30,
            # A key policy's "*" is this key. Who may use it is said in the functions' own policies.
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
                ],
            },
        },
    }


def _alias(suffix: str, key: str) -> Json:
    return {
        "Type": "AWS::KMS::Alias",
        "Properties": {
            "AliasName": {"Fn::Sub": f"alias/${{AWS::StackName}}-{suffix}"},
            "TargetKeyId": {"Ref": key},
        },
    }
