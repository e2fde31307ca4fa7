"""The buckets: for uploads (what arrives is in quarantine, what was found clean is kept), and for the log's anchors."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def buckets() -> Json:
    """All buckets with their policies. Deleting the stack leaves what was kept."""
    return {
        "QuarantineBucket": _bucket(
            "quarantine",
            # Nothing stays: what nobody finished is removed by the platform after an hour, by S3 after a day.
            LifecycleConfiguration=_rules(ExpirationInDays=1),
            # Browsers post from the page they are on. The form is the permission, whoever hands it in.
            CorsConfiguration=_cross_origin("POST"),
        ),
        "QuarantineBucketPolicy": _only_encrypted("QuarantineBucket"),
        "KeptBucket": {
            **_bucket(
                "kept",
                VersioningConfiguration={"Status": "Enabled"},
                # What was removed is gone for good after a month (个人信息保护法 47).
                LifecycleConfiguration=_rules(NoncurrentVersionExpiration={"NoncurrentDays": 30}),
                CorsConfiguration=_cross_origin("GET"),
            ),
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        },
        "KeptBucketPolicy": _only_encrypted("KeptBucket"),
        "AnchorBucket": {
            **_bucket(
                "anchors",
                # Locked versions outlive everybody's rights: in compliance mode not even the account's root
                # can delete them before their time.
                VersioningConfiguration={"Status": "Enabled"},
                ObjectLockEnabled=True,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 10}},
                },
            ),
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
        },
        "AnchorBucketPolicy": _only_encrypted("AnchorBucket"),
    }


def _bucket(suffix: str, **properties: Any) -> Json:
    return {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            # Names of buckets are shared by all accounts of a partition.
            "BucketName": {"Fn::Sub": f"${{AWS::StackName}}-{suffix}-${{AWS::AccountId}}"},
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
                ]
            },
            **properties,
        },
    }


def _rules(**rule: Any) -> Json:
    unfinished = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}
    return {"Rules": [{"Id": "nothing-longer-than-needed", "Status": "Enabled", **unfinished, **rule}]}


def _cross_origin(method: str) -> Json:
    return {"CorsRules": [{"AllowedMethods": [method], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"]}]}


def _only_encrypted(bucket: str) -> Json:
    everything = [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": bucket},
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "OnlyByTls",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": everything,
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        },
    }
