"""Uploads in the cases table: rows under their case, sealed with its key, since names of files speak of people."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.connection import Connection
from pynamodb.exceptions import DeleteError, DoesNotExist

from chalicelib.domain.errors import Conflict
from chalicelib.domain.uploads import Upload, case_of
from chalicelib.services.ports import Receipt, RequestKey, Timer
from chalicelib.storage import tables as t
from chalicelib.storage.cases import receipt_row, timer_row
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.reading import reading
from chalicelib.storage.sealing import Key, Safe
from chalicelib.storage.transactions import Change, is_condition_failure


class DynamoUploads:
    """Implements ``upload_ports.UploadRepository``."""

    def __init__(self, connection: Connection, safe: Safe) -> None:
        self._connection = connection
        self._safe = safe

    @reading
    def get(self, upload_id: str) -> Upload | None:
        key = self._safe.key(case_of(upload_id))
        if key is None:
            return None
        try:
            return _upload(t.UploadRow.get(*_place(upload_id), consistent_read=True), key)
        except DoesNotExist:
            return None

    @reading
    def of(self, case_id: str) -> Sequence[Upload]:
        key = self._safe.key(case_id)
        if key is None:
            return []
        rows = t.UploadRow.query(f"case#{case_id}", t.UploadRow.sk.startswith("upload#"), consistent_read=True)
        return [_upload(row, key) for row in rows]

    def commit(
        self,
        upload: Upload,
        *,
        expected_version: int,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
        timers: Sequence[Timer] = (),
    ) -> None:
        sealing = self._key(upload.case_id)
        row = t.UploadRow(
            *_place(upload.id), version=upload.version, snapshot=sealing.seal(_sealed_for(upload.id), dumps(upload))
        )
        change = Change(self._connection)
        if expected_version == 0:
            change.create(row)
        else:
            change.put(row, t.UploadRow.version == expected_version)
        if key and receipt:
            change.create(receipt_row(key, receipt, upload.changed_at))
        for timer in timers:
            change.put(timer_row(timer))
        change.commit()

    @reading
    def _key(self, case_id: str) -> Key:
        key = self._safe.key(case_id)
        if key is None:  # erased since the caller read the case
            raise Conflict.because("store.conflict")
        return key

    @reading
    def remove(self, upload: Upload) -> None:
        try:
            t.UploadRow(*_place(upload.id)).delete(condition=t.UploadRow.version == upload.version)
        except DeleteError as error:
            if is_condition_failure(error):
                raise Conflict.because("store.conflict") from error
            raise


def _place(upload_id: str) -> tuple[str, str]:
    case_id, _, number = upload_id.partition("-")
    return f"case#{case_id}", f"upload#{number}"


def _sealed_for(upload_id: str) -> str:
    return _place(upload_id)[1]


def _upload(row: t.UploadRow, key: Key) -> Upload:
    return loads(key.open(row.sk, row.snapshot), Upload)
