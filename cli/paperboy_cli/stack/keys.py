"""Keys: those of the environment, and the Parameter Store in which a stack has its own."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

from paperboy.adapters.secret import Secret
from paperboy.errors import SecretError
from paperboy_cli.errors import PaperboyError
from paperboy_cli.stack.host import Host, Stack

KEYS = {"LLM_API_KEY": "llm-api-key", "HF_TOKEN": "hf-token"}
"""The variables that hold a key, and the last part of the names that these have in Parameter Store."""


class EnvironmentKey(Secret):
    """A key by the name of its variable. It need not be set: then there is none."""

    def value(self) -> str | None:
        """The key, or None where the variable is not set. Raises SecretError."""
        return checked(self.name, os.environ.get(self.name, ""))


def checked(name: str, text: str) -> str | None:
    """The key in `text`, which `name` gave; None where it is empty. Raises SecretError for what is no key."""
    key = text.strip()
    if not (key.isascii() and key.isprintable()):  # it could be no header, and would be quoted in the error
        raise SecretError(f"the key in {name} holds characters that no key has")
    return key or None


def environment_keys() -> dict[str, str]:
    """The keys that the environment holds, by variable. Raises PaperboyError for what is no key."""
    try:
        keys = {variable: EnvironmentKey(variable).value() for variable in KEYS}
    except SecretError as error:
        raise PaperboyError(f"{error}: set it again, or unset the variable.") from error
    return {variable: key for variable, key in keys.items() if key}


def keep_keys(host: Host, stack: Stack, keys: Mapping[str, str], unset: Collection[str] = ()) -> None:
    """Put `keys`, by variable, into the stack's Parameter Store, and take those to `unset` away. All others stay."""
    ssm = host.client("ssm")
    for variable, key in keys.items():
        ssm.put_parameter(Name=parameter_name(stack, variable), Value=key, Type="SecureString", Overwrite=True)
    if names := [parameter_name(stack, variable) for variable in KEYS if variable in unset]:
        ssm.delete_parameters(Names=names)


def parameter_name(stack: Stack, variable: str) -> str:
    """What the key of a variable is called in the Parameter Store of a stack."""
    return f"/{stack.name}/{KEYS[variable]}"
