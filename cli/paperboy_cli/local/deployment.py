"""The project's template built and deployed to the emulator, with SAM CLI."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from types import MappingProxyType

from botocore.exceptions import ClientError

from paperboy_cli.errors import PaperboyError
from paperboy_cli.local import sample
from paperboy_cli.local.emulator import REGION, Local, proxies
from paperboy_cli.project import sam, template
from paperboy_cli.project.folder import ROOT, read_json, write_json
from paperboy_cli.stack.host import Stack

LIVE = Stack("paperboy", sample=False)
SAMPLE = Stack("paperboy-sample", sample=True)
"""Both stand beside each other in one emulator."""


def parameters_of(stack: Stack, port: int, settings: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """What a stack is deployed with: every parameter of the template, among them the `settings` that the user chose.

    All of them each time: a parameter that is left out would keep the value of the last deployment. MiniStack knows no
    time zones, so the schedule is given in UTC. The pages are open to whoever reaches the emulator at `port`, which is
    this machine alone. Raises PaperboyError where the values do not go together, and for the sample in a language that
    it was not recorded in.
    """
    usual = template.defaults()
    if stack.sample and settings.get("Language", usual["Language"]) != usual["Language"]:
        raise PaperboyError("the sample's recorded model answers in Chinese alone: leave Language out with --sample.")
    own = {
        "Access": "public",
        "Schedule": "cron(17 3-5 * * ? *)",
        "LastSchedule": "cron(17 6 * * ? *)",
        "ScheduleState": "DISABLED" if stack.sample else "ENABLED",
    }
    if stack.sample:
        url = f"http://127.0.0.1:{port + 1}"
        own |= {"HfBaseUrl": url, "LlmBaseUrl": f"{url}/v1", "LlmModel": sample.MODEL}
        own |= {price: usual[price] for price in template.PRICES}
    own["Summarizer"] = "openai" if {**own, **settings}.get("LlmBaseUrl") else "none"
    values = template.parameters_with(settings, own)
    template.check_parameters(values)
    return values


def build(local: Local) -> bool:
    """`sam build`, for this machine. Returns whether anything had changed."""
    return sam.build(local.home, _environment(local) | {"LAYER_PLATFORM": ""})


def deploy(local: Local, stack: Stack, parameters: Mapping[str, str]) -> bool:
    """`sam deploy` of what was built. Returns whether anything had changed."""
    deployed = read_json(local.home / "deployed.json")
    deployment = {"built": read_json(local.home / "built.json")["fingerprint"], "parameters": dict(parameters)}
    if deployed.get(stack.name) == deployment and local.describe_if_deployed(stack):
        return False
    with contextlib.suppress(ClientError):
        local.client("s3").create_bucket(Bucket="paperboy-artifacts")
    # On its command line SAM CLI has rules of its own for quotes; a file it takes in YAML, which JSON is as well.
    values = local.home / "parameters.yaml"
    write_json(values, dict(parameters))
    sam.run_sam(
        local.home,
        *("deploy", "--template-file", str(local.home / "build" / "template.yaml"), "--stack-name", stack.name),
        *("--config-file", str(ROOT / "samconfig.toml"), "--config-env", "local", "--region", REGION),
        *("--parameter-overrides", f"file://{values}"),
        environment=_environment(local) | {"SAM_CLI_POLL_DELAY": "0.5"},
    )
    write_json(local.home / "deployed.json", deployed | {stack.name: deployment})
    return True


def _environment(local: Local) -> dict[str, str]:
    """What SAM CLI is to see of this machine: the emulator, and nothing of the user's own account."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return (
        inherited
        | proxies()
        | {
            "AWS_ENDPOINT_URL": local.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
    )
