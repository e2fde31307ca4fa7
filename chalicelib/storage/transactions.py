"""One TransactWriteItems for each change, and its failures in the domain's words."""

from __future__ import annotations

from pynamodb.connection import Connection
from pynamodb.exceptions import PynamoDBException, TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.domain.errors import Conflict, DomainError, Unavailable

CONFLICTS = frozenset({"ConditionalCheckFailed", "TransactionConflict", "DuplicateItem"})


class Change:
    """Collects the writes of one change, to any table, and commits them together.

    PynamoDB sends condition checks first, then deletes, then puts; reasons of a cancelled
    transaction come back in that order. All conditions here mean the same to a caller (somebody
    was faster), so the order need not be known.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._checks: list[tuple[type[Model], str, str, Condition]] = []
        self._deletes: list[Model] = []
        self._puts: list[tuple[Model, Condition | None]] = []

    def put(self, row: Model, condition: Condition | None = None) -> None:
        """Write a whole row."""
        self._puts.append((row, condition))

    def create(self, row: Model) -> None:
        """Write a row that must not exist yet."""
        self.put(row, Path("pk").does_not_exist())

    def delete(self, row: Model) -> None:
        """Remove a row; removing an absent one is fine."""
        self._deletes.append(row)

    def check(self, model: type[Model], pk: str, sk: str, condition: Condition) -> None:
        """Let everything depend on another row's present state."""
        self._checks.append((model, pk, sk, condition))

    def commit(self) -> None:
        """Write all or nothing. Raises Conflict if a condition failed, Unavailable if the store did not answer."""
        try:
            with TransactWrite(connection=self._connection) as transaction:
                for model, pk, sk, condition in self._checks:
                    transaction.condition_check(model, pk, sk, condition=condition)
                for row in self._deletes:
                    transaction.delete(row)
                for row, save_condition in self._puts:
                    transaction.save(row, condition=save_condition)
        except TransactWriteError as error:
            raise _in_domain_words(error) from error


def _in_domain_words(error: TransactWriteError) -> DomainError:
    codes = {reason.code for reason in error.cancellation_reasons if reason is not None and reason.code}
    if codes & CONFLICTS or _code(error) == "TransactionInProgressException":
        return Conflict.because("store.conflict")
    return Unavailable.because("store.unavailable")


def is_condition_failure(error: PynamoDBException) -> bool:
    """True if a single write was refused by its own condition."""
    return _code(error) == "ConditionalCheckFailedException"


def _code(error: PynamoDBException) -> str:
    """What DynamoDB answered; empty if no answer came.

    PynamoDB's own property expects a response, which botocore's timeouts have as an attribute that is None.
    """
    response = getattr(error.cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
