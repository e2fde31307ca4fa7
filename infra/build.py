"""From what ``chalice package`` writes to what CloudFormation executes, on this machine.

AWS expands a SAM template when it is deployed; ``cloudformation`` does the same here with AWS's own library, so
that the gate sees the very resources that will be made, and so that the emulated cloud deploys nothing else.
"""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

REGION = "cn-north-1"
"""Which partition's conventions the expansion follows. Both Chinese regions have the same."""

CODE = "s3://onewindow-code/deployment.zip"
"""Stands for the place to which ``aws cloudformation package`` uploads the code."""


class TranslationError(Exception):
    """The template is no valid SAM template; the text says where."""


def cloudformation(sam: Json) -> Json:
    """Expand a packaged SAM template into plain CloudFormation. Raises TranslationError."""
    # Imported late: it takes a second, and of all commands only packaging and the emulated cloud need it.
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    template = copy.deepcopy(sam)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = CODE
    with _region():
        try:
            translated: Json = Translator({}, Parser()).translate(template, {})
        except InvalidDocumentException as error:
            raise TranslationError("; ".join(str(cause) for cause in error.causes) or str(error)) from error
    return translated


@contextlib.contextmanager
def _region() -> Iterator[None]:
    """The translator asks a boto session for its region and guesses wrongly without one."""
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before
