"""What a user has set for a stack: kept in one file that is the user's alone, so that the next command finds it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from paperboy_cli.errors import PaperboyError
from paperboy_cli.project import template
from paperboy_cli.project.folder import damaged, own_folder, read_json, write_json
from paperboy_cli.terminal import warn

FILE_NAME = "settings.json"
PLACE = ("region", "profile")
"""What is kept of a stack in AWS besides its parameters: where it is, and whose it is."""
PARAMETER_VARIABLES = {
    "HfBaseUrl": "HF_BASE_URL",
    "LlmBaseUrl": "LLM_BASE_URL",
    "LlmModel": "LLM_MODEL",
    "LlmExtra": "LLM_EXTRA",
    "MaxOutputTokens": "MAX_OUTPUT_TOKENS",
}
"""The parameters that a variable of the environment sets on the laptop."""


@dataclass(frozen=True)
class Settings:
    """The settings of one stack: the values of parameters that its user chose. All others have their defaults."""

    stack: str
    """The stack's part of the file: `laptop`, or `aws NAME`."""
    folder: Path

    @classmethod
    def of_laptop(cls, folder: Path) -> Settings:
        """The settings of the live stack on this machine."""
        return cls("laptop", folder)

    @classmethod
    def in_aws(cls, name: str, folder: Path | None = None) -> Settings:
        """The settings of a stack in AWS, which are there where it was deployed from."""
        return cls(f"aws {name}", folder or own_folder())

    @property
    def file(self) -> Path:
        return self.folder / FILE_NAME

    def read(self, unset: Collection[str] = ()) -> dict[str, str]:
        """What is kept, without what is to be `unset`.

        A parameter that the template no longer has is told on standard error, and left out. Raises PaperboyError for a
        damaged file, and for a value that a parameter cannot have.
        """
        kept = {}
        for name, value in self._own_part(read_json(self.file)).items():
            if name in unset:
                continue
            if name in PLACE:
                kept[name] = value
            elif name not in template.parameters():
                warn(f"{self.file}: the template has no parameter {name} any more. `--unset {name}` forgets it.")
            else:
                try:
                    kept[name] = template.parameter_value(name, value)
                except ValueError as error:
                    raise PaperboyError(f"{self.file}: {name} {error}. `--unset {name}` forgets it.") from error
        return kept

    def parameters(self, unset: Collection[str] = ()) -> dict[str, str]:
        """The values of parameters in what `read` gives. Raises PaperboyError as that does."""
        return {name: value for name, value in self.read(unset).items() if name not in PLACE}

    def names_to_unset(self, names: Collection[str], keys: Collection[str]) -> list[str]:
        """What `names` are to have forgotten: parameters, also by their variables, and `keys`.

        Raises PaperboyError for a name that is none of these, and not kept either.
        """
        known = (*template.parameters(), *keys, *self._own_part(read_json(self.file)))
        parameters = {variable: parameter for parameter, variable in PARAMETER_VARIABLES.items()}
        found = [parameters.get(name, name) for name in names]
        for name in found:
            if name not in known:
                raise PaperboyError(f"--unset {name}: nothing is called that, only {', '.join(dict.fromkeys(known))}.")
        return found

    def change(self, values: Mapping[str, str], unset: Collection[str] = ()) -> None:
        """Forget what is to be `unset`, and keep `values` besides what else is kept."""
        content = read_json(self.file)
        before = self._own_part(content)
        after = {name: value for name, value in before.items() if name not in unset} | dict(values)
        if after != before:
            write_json(self.file, content | {self.stack: after})

    def _own_part(self, content: dict[str, object]) -> dict[str, str]:
        match content.get(self.stack, {}):
            case dict() as part if all(isinstance(value, str) for value in part.values()):
                return part
        raise damaged(self.file)


def laptop_variables() -> dict[str, str]:
    """What is set for the stack on this machine, by variables: the environment's values, else those that are kept."""
    kept = Settings.of_laptop(own_folder()).parameters()
    values = {variable: os.environ.get(variable) or kept.get(name) for name, variable in PARAMETER_VARIABLES.items()}
    return {variable: value for variable, value in values.items() if value}


def environment_settings() -> dict[str, str]:
    """The parameters that the environment has values for. Raises PaperboyError for a value that one cannot have."""
    values = {}
    for parameter, variable in PARAMETER_VARIABLES.items():
        if value := os.environ.get(variable):
            try:
                values[parameter] = template.parameter_value(parameter, value)
            except ValueError as error:
                raise PaperboyError(f"{variable}={value}: {variable} {error}.") from error
    return values
