"""In-memory twin of ``storage.uploads``, for unit tests."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.errors import Conflict
from chalicelib.domain.uploads import Upload, case_of
from chalicelib.services.ports import Receipt, RequestKey, Timer
from chalicelib.storage.codec import dumps, loads
from chalicelib.storage.memory import MemoryStore


class MemoryUploads:
    """Twin of ``storage.uploads.DynamoUploads``; receipts and timers are those of the shared store."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.rows: dict[str, str] = {}

    def get(self, upload_id: str) -> Upload | None:
        stored = self.rows.get(upload_id)
        return loads(stored, Upload) if stored else None

    def of(self, case_id: str) -> Sequence[Upload]:
        return [loads(text, Upload) for name, text in sorted(self.rows.items()) if case_of(name) == case_id]

    def commit(
        self,
        upload: Upload,
        *,
        expected_version: int,
        key: RequestKey | None = None,
        receipt: Receipt | None = None,
        timers: Sequence[Timer] = (),
    ) -> None:
        self._unchanged(upload.id, expected_version)
        self.store.refuse_used(key)
        self.rows[upload.id] = dumps(upload)
        self.store.keep(key, receipt)
        for timer in timers:
            self.store.timers[timer.case_id, timer.kind] = timer

    def remove(self, upload: Upload) -> None:
        self._unchanged(upload.id, upload.version)
        del self.rows[upload.id]

    def _unchanged(self, upload_id: str, version: int) -> None:
        stored = self.get(upload_id)
        if (stored.version if stored else 0) != version:
            raise Conflict.because("store.conflict")
