"""What a user has set for a stack stays, is changed by name, and goes back to the default when it is unset."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from paperboy_cli.commands.up import kept_settings
from paperboy_cli.errors import PaperboyError
from paperboy_cli.local.deployment import LIVE, SAMPLE, parameters_of
from paperboy_cli.local.emulator import Local
from paperboy_cli.project.settings import PARAMETER_VARIABLES, Settings
from paperboy_cli.stack.keys import KEYS

ENDPOINT = {"LLM_BASE_URL": "http://127.0.0.1:11434/v1", "LLM_MODEL": "qwen3:8b"}


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Local:
    """A laptop on which nothing was ever set."""
    for variable in PARAMETER_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    return Local(home=tmp_path / "home", port=4566)


def set_environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_what_the_environment_named_stays_without_it(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that the environment gave an `up` is still there for a scheduled one, whose environment is bare."""
    set_environment(monkeypatch, **ENDPOINT, LLM_EXTRA='{ "think": false }', MAX_OUTPUT_TOKENS="4000")
    first = kept_settings(local, {}, [])
    for variable in PARAMETER_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    assert first == kept_settings(local, {}, [])
    parameters = parameters_of(LIVE, local.port, first)
    names = ("Summarizer", "LlmBaseUrl", "LlmModel", "LlmExtra", "MaxOutputTokens")
    expected = ["openai", *ENDPOINT.values(), '{"think": false}', "4000"]
    assert expected == [parameters[name] for name in names]


def test_who_wins(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set now goes before the environment, the environment before what is kept, and that before a default."""
    set_environment(monkeypatch, **ENDPOINT)
    kept_settings(local, {"LlmModel": "kept", "Language": "en"}, [])
    assert {"LlmModel": "qwen3:8b", "Language": "en"}.items() <= kept_settings(local, {}, []).items()
    assert "now" == kept_settings(local, {"LlmModel": "now"}, [])["LlmModel"]


def test_unset_gives_the_default_back(local: Local) -> None:
    """A setting that is unset by its name is gone, and the others stay."""
    kept_settings(local, {"Language": "en", "LogRetentionDays": "7"}, [])
    assert {"LogRetentionDays": "7"} == kept_settings(local, {}, ["Language"])
    assert {"LogRetentionDays": "7"} == Settings.of_laptop(local.home).parameters()
    assert "zh" == parameters_of(LIVE, local.port, {})["Language"]


def test_nothing_bad_is_kept(local: Local) -> None:
    """Settings that do not go together are told, and those of before stay."""
    kept_settings(local, {"Language": "en"}, [])
    with pytest.raises(PaperboyError, match="LlmModel is set and LlmBaseUrl is not"):
        kept_settings(local, {"LlmModel": "m"}, [])
    assert {"Language": "en"} == kept_settings(local, {}, [])


def test_the_file_is_its_owners_alone(local: Local) -> None:
    """Nobody else on the machine can read what was set."""
    kept_settings(local, {"Language": "en"}, [])
    file = Settings.of_laptop(local.home).file
    assert (0o600, 0o700) == (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode))


def test_stacks_do_not_share_settings(tmp_path: Path) -> None:
    """The laptop's stack and each one in AWS have settings of their own in the one file."""
    stacks = [Settings.of_laptop(tmp_path), Settings.in_aws("paperboy", tmp_path), Settings.in_aws("laptop", tmp_path)]
    for stack in stacks:
        stack.change({"PagesPrefix": f"{stack.stack}".replace(" ", "-").ljust(16, "0")})
    assert 3 == len({stack.parameters()["PagesPrefix"] for stack in stacks})


def test_the_sample_has_the_samples_upstreams(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the environment nor what is kept reaches the sample's stack."""
    set_environment(monkeypatch, **ENDPOINT, MAX_OUTPUT_TOKENS="4000")
    kept_settings(local, {"Language": "en"}, [])
    parameters = parameters_of(SAMPLE, local.port)
    expected = ["zh", "sample", "1000"]
    assert expected == [parameters[name] for name in ("Language", "LlmModel", "MaxOutputTokens")]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("LLM_EXTRA", "{", "LLM_EXTRA={: LLM_EXTRA has to be a JSON object, or nothing: "),
        ("MAX_OUTPUT_TOKENS", "many", "MAX_OUTPUT_TOKENS=many: MAX_OUTPUT_TOKENS has to be a whole number from 1 on."),
        ("HF_BASE_URL", "huggingface.co", "HF_BASE_URL has to be an address such as https://huggingface.co."),
        ("LLM_BASE_URL", "http://127.0.0.1:9/v1", "LlmBaseUrl is set and LlmModel is not"),
        ("LLM_MODEL", "qwen3:8b", "LlmModel is set and LlmBaseUrl is not"),
    ],
)
def test_a_bad_environment_is_told(
    local: Local, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    """A variable that no parameter can have the value of is named before anything starts."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(PaperboyError) as error:
        kept_settings(local, {}, [])
    assert said in str(error.value)


@pytest.mark.parametrize("content", ["{", "[]", '{"laptop": 1}', '{"laptop": {"Language": 1}}'])
def test_a_damaged_file_is_told(local: Local, content: str) -> None:
    """A file that holds no settings is named, with the way out, and is not written over."""
    file = Settings.of_laptop(local.home).file
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(PaperboyError, match=r"settings\.json is damaged: remove it"):
        kept_settings(local, {"Language": "en"}, [])
    assert content == file.read_text()


def test_a_parameter_that_is_no_more(local: Local, capsys: pytest.CaptureFixture[str]) -> None:
    """What the template has no longer is told and left out, and can be unset."""
    file = Settings.of_laptop(local.home).file
    file.parent.mkdir()
    file.write_text(json.dumps({"laptop": {"EndpointUrl": "x", "Language": "en"}}))
    assert {"Language": "en"} == kept_settings(local, {}, [])
    assert "the template has no parameter EndpointUrl any more" in capsys.readouterr().err
    kept_settings(local, {}, ["EndpointUrl"])
    assert "" == capsys.readouterr().err


def test_a_kept_value_that_is_no_more(local: Local) -> None:
    """A value that its parameter does not take any more is told with the way out, and can be unset."""
    file = Settings.of_laptop(local.home).file
    file.parent.mkdir()
    file.write_text(json.dumps({"laptop": {"Language": "tlh"}}))
    with pytest.raises(PaperboyError, match=r"Language has to be one of zh, en\. `--unset Language` forgets it"):
        kept_settings(local, {}, [])
    assert {} == kept_settings(local, {}, ["Language"])


def test_what_is_no_setting_cannot_be_unset(local: Local) -> None:
    """A misspelt name is told with those that there are."""
    with pytest.raises(PaperboyError, match=r"--unset Langage: nothing is called that, only TimeZone, .*HF_TOKEN"):
        Settings.of_laptop(local.home).names_to_unset(["Langage"], KEYS)


def test_a_variable_names_its_parameter(local: Local) -> None:
    """What a variable has set can be unset by the variable's name."""
    names = Settings.of_laptop(local.home).names_to_unset(["LLM_MODEL", "LlmBaseUrl", "HF_TOKEN"], KEYS)
    assert ["LlmModel", "LlmBaseUrl", "HF_TOKEN"] == names
