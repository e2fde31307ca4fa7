"""The thirteen stages: one stack for the region and one for each league or city (盟市), each at home in its division.

A stage is a deployment, not an environment: the same template, told apart by the home division. What else
differs between deployments (issuer, public address) is a parameter of the template, because it belongs to
whoever deploys and not to the code.
"""

from __future__ import annotations

from dataclasses import dataclass

APP_NAME = "onewindow"


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployment. ``region_code`` is the 12-digit code of its home division."""

    name: str
    region_code: str
    zh: str

    @property
    def stack_name(self) -> str:
        """How operations name the stack; the template itself only ever says ``${AWS::StackName}``."""
        return f"{APP_NAME}-{self.name}"


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("region", "150000000000", "内蒙古自治区"),
        Stage("hohhot", "150100000000", "呼和浩特市"),
        Stage("baotou", "150200000000", "包头市"),
        Stage("wuhai", "150300000000", "乌海市"),
        Stage("chifeng", "150400000000", "赤峰市"),
        Stage("tongliao", "150500000000", "通辽市"),
        Stage("ordos", "150600000000", "鄂尔多斯市"),
        Stage("hulunbuir", "150700000000", "呼伦贝尔市"),
        Stage("bayannur", "150800000000", "巴彦淖尔市"),
        Stage("ulanqab", "150900000000", "乌兰察布市"),
        Stage("hinggan", "152200000000", "兴安盟"),
        Stage("xilingol", "152500000000", "锡林郭勒盟"),
        Stage("alxa", "152900000000", "阿拉善盟"),
    )
}


def stage_named(name: str) -> Stage:
    """The stage of that name. Raises ValueError that lists the names there are."""
    try:
        return STAGES[name]
    except KeyError:
        raise ValueError(f"there is no stage {name!r}; there are: {', '.join(STAGES)}") from None
