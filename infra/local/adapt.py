"""All that moto's CloudFormation cannot do, in one place. Nothing else in infra/local knows about templates.

``deploy`` takes the template that AWS gets (plain CloudFormation) and makes the stack. What differs from AWS,
and why:

- Pseudo parameters: moto answers ``aws`` for ``AWS::Partition`` in every region. Substituted before.
- State machines: a stack's machine lands in moto without its interpreter. Created through the API.
- KMS keys and secrets: moto's stack makes every key symmetric and knows no secrets. Created through the API, and
  kept in a file when the data are kept, so that old seals and cursors stay valid.
- Event source mappings and schedules: moto delivers mappings in the middle of the write, and fires no schedule.
  Left out of the stack and handed to ``sources``.
- API Gateway: moto cannot make a RestApi from a body. Left out; ``gateway`` serves the same routes and takes the
  gateway responses from the same body.
- Function code: functions run in this process, so the package is never built. A stub stands in for it.
- Tables on the real engine: created there from the same properties.
- Locked buckets: moto's stack forgets the lock, which S3 takes only when the bucket is made. Made anew.
- Event buses: moto answers a reference to one with an object. Known by name beforehand.
- Everything that moto does not know (alarms, policies on queues …) is left out, each with a printed reason.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import moto.cloudformation.parsing as cloudformation
from moto.cloudformation.models import cloudformation_backends

from infra.local import emulator
from infra.local.environment import ACCOUNT, PARTITION, REGION, ROOT
from infra.local.keepsake import Keepsake

Json = dict[str, Any]

_SERVED_ELSEWHERE = {
    "AWS::Lambda::EventSourceMapping": "delivered by the local runtime",
    "AWS::ApiGateway::RestApi": "served by the local gateway",
    "AWS::ApiGateway::Stage": "served by the local gateway",
    "AWS::ApiGateway::Deployment": "served by the local gateway",
    "AWS::ApiGateway::Account": "served by the local gateway",
    "AWS::ApiGateway::GatewayResponse": "served by the local gateway",
    "AWS::Lambda::Permission": "nothing here checks who may invoke a function",
}
_BY_API = ("AWS::StepFunctions::StateMachine", "AWS::KMS::Key", "AWS::SecretsManager::Secret")
_PSEUDO = {
    "AWS::Partition": PARTITION,
    "AWS::URLSuffix": "amazonaws.com.cn",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
}


@dataclass(frozen=True)
class Deployed:
    """A stack as it stands: the template's own resources with every reference resolved."""

    name: str
    resources: Mapping[str, Json]  # logical id -> {"Type", "Properties"}, resolved, including those served elsewhere
    physical: Mapping[str, str]  # logical id -> what Ref gives
    left_out: Mapping[str, str]  # logical id -> why it is not in moto's stack

    def left_out_in_short(self) -> list[str]:
        """One line for each reason: ``why: how many of which types``."""
        kinds: dict[str, Counter[str]] = {}
        for logical_id, reason in self.left_out.items():
            kinds.setdefault(reason, Counter())[self.resources[logical_id]["Type"]] += 1
        return [f"{r}: {', '.join(f'{n} {kind}' for kind, n in found.items())}" for r, found in kinds.items()]

    def of_type(self, kind: str) -> dict[str, Json]:
        """Logical id to resolved properties of every resource of a type."""
        return {i: r.get("Properties", {}) for i, r in self.resources.items() if r["Type"] == kind}


@dataclass
class _Plan:
    template: Json
    left_out: dict[str, str] = field(default_factory=dict)  # logical id -> reason
    known: dict[str, dict[str, str]] = field(default_factory=dict)  # logical id -> {"": Ref, attribute: value}


def deploy(
    template: Json,
    stack: str,
    parameters: Mapping[str, str],
    *,
    engine_url: str | None = None,
    keepsake: Keepsake | None = None,
) -> Deployed:
    """Create the stack on moto (and its tables on the engine at ``engine_url``, if given).

    ``parameters`` that the template does not declare are ignored: the emulated cloud offers what it knows.
    """
    plan = _Plan(copy.deepcopy(template))
    _know_values(plan, stack, parameters)
    _name_everything(plan.template, stack)
    _leave_out_unsupported(plan)
    _create_keys_and_secrets(plan, stack, keepsake or Keepsake(None))
    if engine_url is not None:
        _create_tables(plan, engine_url)
    _stub_code(plan.template)
    _foresee(plan)
    _know_buses(plan)
    everything = _substitute(plan.template["Resources"], plan.known)
    kept = {i: _without_lost_dependencies(r, plan) for i, r in everything.items() if i not in plan.left_out}
    given = [
        {"ParameterKey": name, "ParameterValue": str(parameters[name])}
        for name in plan.template.get("Parameters", {})
        if name in parameters
    ]
    body = {**plan.template, "Resources": kept}
    body.pop("Outputs", None)
    emulator.client("cloudformation").create_stack(
        StackName=stack, TemplateBody=json.dumps(body), Parameters=given, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    deployed = _resolve(everything, stack, plan)
    _lock_buckets(deployed)
    _create_state_machines(deployed)
    return deployed


def _know_values(plan: _Plan, stack: str, parameters: Mapping[str, str]) -> None:
    values = {**_PSEUDO, "AWS::StackName": stack}
    for name, declared in plan.template.get("Parameters", {}).items():
        if declared.get("Type") in ("String", "Number") and (name in parameters or "Default" in declared):
            values[name] = str(parameters.get(name, declared.get("Default")))
    plan.known.update({name: {"": value} for name, value in values.items()})


def _name_everything(template: Json, stack: str) -> None:
    """Give names where CloudFormation would make one up: a restart must find its tables again."""
    names = {
        "AWS::DynamoDB::Table": "TableName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::Lambda::Function": "FunctionName",
        "AWS::StepFunctions::StateMachine": "StateMachineName",
        "AWS::Events::EventBus": "Name",
    }
    for logical_id, resource in template["Resources"].items():
        key = names.get(resource["Type"])
        if key is not None:
            properties = resource.setdefault("Properties", {})
            properties.setdefault(key, f"{stack}-{logical_id}")


def _leave_out_unsupported(plan: _Plan) -> None:
    known_to_moto = cloudformation.get_model_map()
    for logical_id, resource in plan.template["Resources"].items():
        kind = resource["Type"]
        if kind in _SERVED_ELSEWHERE:
            plan.left_out[logical_id] = _SERVED_ELSEWHERE[kind]
        elif kind in _BY_API:
            plan.left_out[logical_id] = "created through the API"
        elif kind not in known_to_moto:
            plan.left_out[logical_id] = "moto does not know this type"
        elif kind == "AWS::Events::Rule" and "ScheduleExpression" in resource["Properties"]:
            plan.left_out[logical_id] = "fired by the local runtime"


def _create_keys_and_secrets(plan: _Plan, stack: str, keepsake: Keepsake) -> None:
    for logical_id, resource in plan.template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::KMS::Key":
            key_id, arn = keepsake.key(logical_id, properties)
            plan.known[logical_id] = {"": key_id, "Arn": arn, "KeyId": key_id}
        elif resource["Type"] == "AWS::SecretsManager::Secret":
            arn = keepsake.secret(logical_id, f"{stack}-{logical_id}", properties)
            plan.known[logical_id] = {"": arn, "Id": arn}


def _create_tables(plan: _Plan, engine_url: str) -> None:
    """Tables live on the real engine; those that are there from an earlier run are kept with their data."""
    engine = emulator.client("dynamodb", endpoint_url=engine_url)
    there = set(engine.list_tables()["TableNames"])
    for logical_id, resource in plan.template["Resources"].items():
        if resource["Type"] != "AWS::DynamoDB::Table":
            continue
        properties = _substitute(resource["Properties"], plan.known)
        name = str(properties["TableName"])
        if name not in there:
            create_table(engine, name, properties)
        table = engine.describe_table(TableName=name)["Table"]
        plan.left_out[logical_id] = "created on the real engine"
        plan.known[logical_id] = {"": name, "Arn": table["TableArn"], "StreamArn": table.get("LatestStreamArn", "")}


def create_table(engine: Any, name: str, properties: Json) -> None:
    """Create a table through the API from a template's properties (what the emulators know of them)."""
    taken = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "BillingMode")
    request: Json = {key: properties[key] for key in taken if key in properties}
    stream = properties.get("StreamSpecification")
    if stream:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
    engine.create_table(TableName=name, **request)
    ttl = properties.get("TimeToLiveSpecification")
    if ttl:
        engine.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)


def _stub_code(template: Json) -> None:
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            properties = resource["Properties"]
            properties["Code"] = {"ZipFile": "# runs in the process of the emulated cloud"}
            if properties.pop("PackageType", "Zip") == "Image":
                properties["Handler"] = properties.pop("ImageConfig")["Command"][0]
                properties["Runtime"] = "python3.13"


def _foresee(plan: _Plan) -> None:
    """What references to left-out resources will give, from what is known before the stack exists."""
    for logical_id in plan.left_out:
        if logical_id in plan.known:
            continue
        resource = plan.template["Resources"][logical_id]
        name = logical_id
        arn = f"arn:{PARTITION}:emulated:{REGION}:{ACCOUNT}:{logical_id}"
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            name = str(_substitute(resource["Properties"]["StateMachineName"], plan.known))
            arn = name = f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}:stateMachine:{name}"
        plan.known[logical_id] = {"": name, "Arn": arn, "RootResourceId": name, "Name": name.rpartition(":")[2]}


def _know_buses(plan: _Plan) -> None:
    """Moto's bus answers Ref with itself, not with its name; so rules are told the name, and wait for the bus."""
    resources = plan.template["Resources"]
    buses = [i for i, r in resources.items() if r["Type"] == "AWS::Events::EventBus"]
    for bus in buses:
        name = str(_substitute(resources[bus]["Properties"]["Name"], plan.known))
        arn = f"arn:{PARTITION}:events:{REGION}:{ACCOUNT}:event-bus/{name}"
        plan.known[bus] = {"": name, "Name": name, "Arn": arn}
    for resource in resources.values():
        if resource["Type"] == "AWS::Events::Rule":
            resource["DependsOn"] = buses


def _substitute(node: Any, known: Mapping[str, Mapping[str, str]]) -> Any:
    """Replace references to what is known, also within Fn::Sub; everything else stays for moto."""
    if isinstance(node, list):
        return [_substitute(value, known) for value in node]
    if not isinstance(node, dict):
        return node
    if node.keys() == {"Ref"} and node["Ref"] in known:
        return known[node["Ref"]][""]
    if node.keys() == {"Fn::GetAtt"}:
        target = node["Fn::GetAtt"]
        logical_id, attribute = target if isinstance(target, list) else target.split(".", 1)
        if logical_id in known and attribute in known[logical_id]:
            return known[logical_id][attribute]
    if node.keys() == {"Fn::Sub"}:
        text = node["Fn::Sub"]
        if isinstance(text, list):
            return {"Fn::Sub": [_in_text(text[0], known), _substitute(text[1], known)]}
        filled = _in_text(text, known)
        return {"Fn::Sub": filled} if "${" in filled else filled
    return {key: _substitute(value, known) for key, value in node.items()}


def _in_text(text: str, known: Mapping[str, Mapping[str, str]]) -> str:
    def value(match: re.Match[str]) -> str:
        logical_id, _, attribute = match[1].partition(".")
        return known.get(logical_id, {}).get(attribute, match[0])

    return re.sub(r"\$\{([^!}]+)\}", value, text)


def _without_lost_dependencies(resource: Json, plan: _Plan) -> Json:
    wanted = resource.get("DependsOn", [])
    left = [w for w in ([wanted] if isinstance(wanted, str) else wanted) if w not in plan.left_out]
    return {**{k: v for k, v in resource.items() if k != "DependsOn"}, **({"DependsOn": left} if left else {})}


def _resolve(everything: Mapping[str, Json], stack: str, plan: _Plan) -> Deployed:
    stacks = cloudformation_backends[ACCOUNT][REGION].stacks.values()
    created = next(s for s in stacks if s.name == stack)
    resources, physical = {}, {i: values[""] for i, values in plan.known.items()}
    for logical_id, resource in everything.items():
        resolved = cloudformation.clean_json(copy.deepcopy(resource.get("Properties", {})), created.resource_map)
        resources[logical_id] = {"Type": resource["Type"], "Properties": resolved}
        if logical_id not in plan.left_out:
            made = created.resource_map[logical_id]
            physical[logical_id] = str(getattr(made, "physical_resource_id", logical_id))
    return Deployed(stack, resources, physical, dict(plan.left_out))


def _lock_buckets(deployed: Deployed) -> None:
    s3 = emulator.client("s3")
    for properties in deployed.of_type("AWS::S3::Bucket").values():
        if properties.get("ObjectLockEnabled"):
            name = str(properties["BucketName"])
            s3.delete_bucket(Bucket=name)
            s3.create_bucket(
                Bucket=name,
                ObjectLockEnabledForBucket=True,
                CreateBucketConfiguration={"LocationConstraint": REGION},
            )
            s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=properties["ObjectLockConfiguration"])


def _create_state_machines(deployed: Deployed) -> None:
    client = emulator.client("stepfunctions")
    for properties in deployed.of_type("AWS::StepFunctions::StateMachine").values():
        client.create_state_machine(
            name=properties["StateMachineName"],
            definition=_definition(properties),
            roleArn=properties["RoleArn"],
            type=properties.get("StateMachineType") or properties.get("Type") or "STANDARD",
        )


def _definition(properties: Json) -> str:
    text = properties.get("DefinitionString") or properties.get("Definition")
    if text is None:
        where = properties.get("DefinitionUri") or properties["DefinitionS3Location"]
        text = (ROOT / str(where)).read_text(encoding="utf-8")
    if not isinstance(text, str):
        text = json.dumps(text, ensure_ascii=False)
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        text = text.replace("${" + name + "}", str(value))
    return text
