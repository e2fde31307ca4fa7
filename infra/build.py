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


IMAGE_URI = "ImageUri"
"""The template's parameter that names the image, by digest."""


class TranslationError(Exception):
    """The template is no valid SAM template; the text says where."""


def images(sam: Json) -> Json:
    """The packaged template with its functions as container images; ``chalice package`` knows only archives.

    All functions share the image that the parameter ImageUri names; the handler is the container's command.
    """
    made = copy.deepcopy(sam)
    made.setdefault("Parameters", {})[IMAGE_URI] = {
        "Type": "String",
        "Description": "The image in ECR, of the stack's own region, by its digest",
        "AllowedPattern": "[^\\s]+\\.dkr\\.ecr\\.[^\\s]+@sha256:[0-9a-f]{64}",
        "ConstraintDescription": "an image in ECR by its digest (…@sha256:…): a tag may be moved",
    }
    for resource in made["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = resource["Properties"]
            handler = properties.pop("Handler")
            for name in ("Runtime", "CodeUri", "Layers"):
                properties.pop(name, None)
            properties |= {
                "PackageType": "Image",
                "ImageUri": {"Ref": IMAGE_URI},
                "ImageConfig": {"Command": [handler]},
            }
    return made


def cloudformation(sam: Json) -> Json:
    """Expand a packaged SAM template into plain CloudFormation. Raises TranslationError."""
    # Imported late: it takes a second, and of all commands only packaging and the emulated cloud need it.
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    template = copy.deepcopy(sam)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function" and "CodeUri" in resource["Properties"]:
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
