"""What is not AWS, with the same faults: providers of messages, and the bucket of anchors."""

from __future__ import annotations

from typing import Any

from tests import factories as f
from tests.proof.faults import Calls


class Counted:
    """A provider whose calls are counted like those to AWS."""

    def __init__(self, provider: f.FakeProvider, calls: Calls, name: str) -> None:
        self._provider, self._calls, self._name = provider, calls, name
        self.sent: list[Any] = provider.sent
        self.arrives = provider.arrives

    def send(self, contact: object, text: str, key: str) -> Any:
        self._provider.sent, self._provider.arrives = self.sent, self.arrives
        return self._calls.around(f"{self._name}.send", lambda: self._provider.send(contact, text, key))


class CountedAnchors(f.FakeAnchors):
    """The bucket of anchors. What AWS's keeps cannot be deleted, and so not be put back for the next run."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls

    def put(self, name: str, body: bytes) -> bool:
        done: bool = self._calls.around("anchors.put", lambda: super(CountedAnchors, self).put(name, body))
        return done

    def get(self, name: str) -> bytes | None:
        found: bytes | None = self._calls.around("anchors.get", lambda: super(CountedAnchors, self).get(name))
        return found
