"""Keys and secrets of the emulated cloud, kept beside kept data.

moto forgets its keys when the process ends. Seals made before a restart must verify after it, data sealed and cursors
handed out before must be read, so all are written to a file that only the emulated cloud knows.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from moto.kms.models import kms_backends

from infra.local import emulator
from infra.local.environment import ACCOUNT, REGION
from infra.local.files import write_whole


class Keepsake:
    """Creates keys and secrets through the API, or brings the kept ones back. ``path`` None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._kept: dict[str, dict[str, str]] = (
            json.loads(path.read_text()) if path is not None and path.exists() else {}
        )

    def key(self, name: str, properties: dict[str, Any]) -> tuple[str, str]:
        """A KMS key with the template's spec and usage; answers its id and ARN."""
        kms = emulator.client("kms")
        spec = properties.get("KeySpec", "SYMMETRIC_DEFAULT")
        made = kms.create_key(KeySpec=spec, KeyUsage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"))["KeyMetadata"]
        backend = kms_backends[ACCOUNT][REGION]
        key = backend.keys[made["KeyId"]]
        kept = self._kept.get(name)
        if kept is not None:
            del backend.keys[key.id]
            key.id, key.arn = kept["id"], kept["arn"]
            backend.keys[key.id] = key
            if "private" in kept:
                _put_private(key, kept["private"])
            if "material" in kept:
                key.key_material = base64.b64decode(kept["material"])
        else:
            self._kept[name] = {"id": key.id, "arn": key.arn}
            if spec.startswith("ECC_NIST"):
                self._kept[name]["private"] = _take_private(key)
            else:
                self._kept[name]["material"] = base64.b64encode(key.key_material).decode()
            self._write()
        return str(key.id), str(key.arn)

    def secret(self, name: str, physical: str, properties: dict[str, Any]) -> str:
        """A secret, its value generated as the template says; answers its ARN."""
        secrets = emulator.client("secretsmanager")
        kept = self._kept.setdefault(name, {})
        if "value" not in kept:
            wanted = properties.get("GenerateSecretString", {})
            options = {k: v for k, v in wanted.items() if k in ("PasswordLength", "ExcludePunctuation")}
            value = properties.get("SecretString") or secrets.get_random_password(**options)["RandomPassword"]
            if "GenerateStringKey" in wanted:
                template = json.loads(wanted.get("SecretStringTemplate", "{}"))
                value = json.dumps({**template, wanted["GenerateStringKey"]: value})
            kept["value"] = value
            self._write()
        return str(secrets.create_secret(Name=physical, SecretString=kept["value"])["ARN"])

    def _write(self) -> None:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            write_whole(self._path, json.dumps(self._kept, indent=1))


def _take_private(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    der = key.private_key.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return base64.b64encode(der).decode()


def _put_private(key: Any, kept: str) -> None:
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    key.private_key.private_key = load_der_private_key(base64.b64decode(kept), None)
