"""Logs hold what they may hold, on one line, and nothing of the last person."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib import observability
from chalicelib.observability import FIELDS, logger

ROOT = Path(__file__).resolve().parents[2]
METHODS = {"debug", "info", "warning", "error", "exception"}


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_event_is_one_line_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logger.info("hints_published", count=3)
    (line,) = lines(capsys)
    assert line["message"] == "hints_published"
    assert line["count"] == 3
    assert line["service"] == "onewindow"


def test_a_field_that_is_not_allowed_leaves_its_name_only(capsys: pytest.CaptureFixture[str]) -> None:
    logger.info("request_answered", extra={"applicant": "张三", "status": 200})
    (line,) = lines(capsys)
    assert "张三" not in json.dumps(line, ensure_ascii=False)
    assert line["fields_left_out"] == ["applicant"]


def test_an_exception_leaves_its_type_and_places_but_not_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        int("150102199001010000")
    except ValueError as error:
        logger.exception("it_failed")
        observability.failure("it_failed_again", error)
    written = capsys.readouterr().out
    assert "150102199001010000" not in written
    for line in map(json.loads, written.splitlines()[:2]):
        assert line["error"] == "ValueError"
        assert line["places"][-1].startswith("test_edge_observability.py:")


def test_keys_of_one_request_are_gone_in_the_next(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        with observability.handling(operation="GET /v1/cases", request_id="1"):
            logger.info("within")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    logger.info("after")
    within, after = lines(capsys)
    assert within["operation"] == "GET /v1/cases"
    assert "operation" not in after


def test_every_field_that_the_product_logs_is_allowed() -> None:
    for path in sorted(ROOT.glob("chalicelib/**/*.py")):
        for call in (n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)):
            function = call.func
            if (
                isinstance(function, ast.Attribute)
                and function.attr in METHODS
                and getattr(function.value, "id", "") == "logger"
            ):
                given = {keyword.arg for keyword in call.keywords if keyword.arg} - {"extra", "exc_info"}
                assert given <= FIELDS, f"{path.relative_to(ROOT)}:{call.lineno}"
                assert not isinstance(call.args[0], ast.JoinedStr | ast.BinOp | ast.Call), (
                    f"{path.relative_to(ROOT)}:{call.lineno}: an event has a name"
                )


def test_the_app_adds_no_second_handler(capsys: pytest.CaptureFixture[str]) -> None:
    import app

    assert app.app.log.handlers == logger._logger.handlers
    assert len(logger._logger.handlers) == 1
