"""The environment of each function: what it has to hold, and that the template gives just that."""

from typing import Any

import pytest

from paperboy.adapters.settings import (
    AnnounceSettings,
    CatalogSettings,
    IngestSettings,
    RenderSettings,
    ScoreSettings,
    Settings,
    SettingsError,
    SummarizeSettings,
)

FUNCTIONS: dict[str, tuple[type[Settings], dict[str, str]]] = {
    "Ingest": (
        IngestSettings,
        {
            "SUMMARIZER": "none",
            "LANGUAGE": "zh",
            "TABLE_NAME": "days",
            "HF_BASE_URL": "https://huggingface.co",
            "TIME_ZONE": "Asia/Shanghai",
        },
    ),
    "Score": (
        ScoreSettings,
        {
            "TABLE_NAME": "days",
            "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/summaries",
            "MAX_MODEL_CALLS_PER_RUN": "100",
        },
    ),
    "Summarize": (
        SummarizeSettings,
        {
            "SUMMARIZER": "openai",
            "LANGUAGE": "en",
            "LLM_MODEL": "m",
            "TABLE_NAME": "days",
            "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/summaries",
            "LLM_BASE_URL": "https://api.example.com/v1",
            "MAX_OUTPUT_TOKENS": "4000",
            "PRICE_INPUT": "0.22",
            "MAX_TOKENS_PER_MONTH": "5000000",
            "MAX_COST_PER_MONTH": "0.5",
        },
    ),
    "Render": (
        RenderSettings,
        {"TABLE_NAME": "days", "BUCKET_NAME": "pages", "LANGUAGE": "zh", "PAGES_PREFIX": "0c5e-Q"},
    ),
    "Announce": (
        AnnounceSettings,
        {
            "TABLE_NAME": "days",
            "BUCKET_NAME": "pages",
            "LANGUAGE": "zh",
            "PAGES_PREFIX": "0c5e-Q",
            "ACCESS": "private",
            "QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/announcements",
            "CHANNELS_NAME": "/paperboy/channels",
            "TIME_ZONE": "Asia/Shanghai",
        },
    ),
    "Catalog": (
        CatalogSettings,
        {
            "TABLE_NAME": "days",
            "BUCKET_NAME": "pages",
            "LANGUAGE": "zh",
            "PAGES_PREFIX": "0c5e-Q",
            "ACCESS": "unlisted",
            "PAGES_URL": "https://pages.s3.ap-northeast-1.amazonaws.com/0c5e-Q",
        },
    ),
}
"""By the function's name in the template: its settings, and a good environment."""

BAD_VALUES = {
    "TABLE_NAME": [""],
    "BUCKET_NAME": [""],
    "CHANNELS_NAME": [""],
    "ACCESS": ["", "open"],
    "PAGES_URL": ["pages.example.com", "https://pages.example.com/", "https://a b"],
    "PAGES_PREFIX": ["", "a/b", "a b", "../a"],
    "HF_BASE_URL": ["", "huggingface.co", "ftp://huggingface.co", "https://", "https://hugging face.co"],
    "QUEUE_URL": ["", "summaries"],
    "TIME_ZONE": ["", "Asia/Atlantis", "../etc", "/etc/localtime"],
    "SUMMARIZER": ["", "OpenAI", "gpt"],
    "LANGUAGE": ["", "EN", "zh-CN", "fr"],
    "LLM_BASE_URL": ["api.example.com", " "],
    "PRICE_INPUT": ["-1", "cheap", "inf"],
    "MAX_TOKENS_PER_MONTH": ["-1", "many", "1.5"],
    "MAX_COST_PER_MONTH": ["-0.5", "nan"],
    "MAX_MODEL_CALLS_PER_RUN": ["-1", "all"],
    "MAX_OUTPUT_TOKENS": ["0", "-1", "many"],
    "LLM_EXTRA": ["[]", "{", "thinking", "[" * 100_000],
}


def complaint(settings: type[Settings], environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What is said of a wrong environment."""
    for name in [*BAD_VALUES, "LLM_MODEL", "BEDROCK_MODEL"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        settings.load()
    except SettingsError as error:
        return str(error)
    return ""


def test_every_function_has_settings() -> None:
    """Each settings model belongs to a function of the table above."""
    assert set(Settings.__subclasses__()) == {settings for settings, _ in FUNCTIONS.values()}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_good_environment(function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole environment is read, other variables beside it or not."""
    settings, environment = FUNCTIONS[function]
    assert "" == complaint(settings, environment | {"PATH": "/bin"}, monkeypatch)
    assert list(environment.values()) == list(map(str, settings.load().model_dump(exclude_defaults=True).values()))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (function, field.alias)
        for function, (settings, _) in FUNCTIONS.items()
        for field in settings.model_fields.values()
        if field.is_required()
    ],
)
def test_missing_variable(function: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing variable is an error that names it and no other."""
    settings, environment = FUNCTIONS[function]
    rest = {key: value for key, value in environment.items() if key != name}
    assert f"environment of this function: {name}: Field required" == complaint(settings, rest, monkeypatch)


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        (function, name, value)
        for function, (settings, environment) in FUNCTIONS.items()
        for name in sorted({*environment, *(str(field.alias) for field in settings.model_fields.values())})
        for value in BAD_VALUES.get(name, [])
    ],
)
def test_bad_variable(function: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad variable is an error that names it and no other."""
    settings, environment = FUNCTIONS[function]
    told = complaint(settings, environment | {name: value}, monkeypatch)
    assert [name] == [known for known in BAD_VALUES if f"{known}: " in told]


def test_folder_of_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A time zone's name that stops halfway is an error that names the variable."""
    settings, environment = FUNCTIONS["Ingest"]
    assert "TIME_ZONE: " in complaint(settings, environment | {"TIME_ZONE": "Asia"}, monkeypatch)


def test_every_bad_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty environment is told with every variable that it lacks."""
    told = complaint(RenderSettings, {}, monkeypatch)
    missing = [f"{name}: Field required" for name in ("TABLE_NAME", "BUCKET_NAME", "LANGUAGE", "PAGES_PREFIX")]
    assert f"environment of this function: {'; '.join(missing)}" == told


def test_template_gives_each_function_its_environment(resources: dict[str, dict[str, Any]]) -> None:
    """The template's functions are told all that their settings know, and nothing else but for Powertools."""
    expected = {
        function: {str(field.alias) for field in settings.model_fields.values()}
        for function, (settings, _) in FUNCTIONS.items()
    }
    assert expected == {
        name: {
            variable
            for variable in resource["Properties"]["Environment"]["Variables"]
            if not variable.startswith(("POWERTOOLS_", "AWS_"))  # what the libraries read themselves
        }
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


@pytest.mark.parametrize(
    ("text", "fields"), [("", {}), ("{}", {}), ('{"enable_thinking": false}', {"enable_thinking": False})]
)
def test_extra_fields(text: str, fields: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Extra fields of a request are a JSON object, and none where the variable is empty."""
    settings, environment = FUNCTIONS["Summarize"]
    assert "" == complaint(settings, environment | {"LLM_EXTRA": text}, monkeypatch)
    assert fields == SummarizeSettings.load().llm_extra


@pytest.mark.parametrize(("summarizer", "name"), [("bedrock", "qwen.qwen3-32b-v1:0"), ("openai", "m"), ("none", None)])
def test_the_models_name(summarizer: str, name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """ingest and summarize know the model by the same name, that of the provider which is configured."""
    choice = {"SUMMARIZER": summarizer, "BEDROCK_MODEL": "qwen.qwen3-32b-v1:0", "LLM_MODEL": "m"}
    for function in ("Ingest", "Summarize"):
        settings, environment = FUNCTIONS[function]
        assert "" == complaint(settings, environment | choice, monkeypatch)
        assert name == settings.load().model_name  # type: ignore[attr-defined] # both have one


@pytest.mark.parametrize(
    ("access", "url", "expected"),
    [
        ("private", "https://a.example", None),
        ("public", "https://a.example", "https://a.example"),
        ("public", "", "own"),
    ],
)
def test_where_readers_find_the_pages(
    access: str, url: str, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Private pages are nowhere for readers; others are where the template says, or the bucket."""
    for name, value in (FUNCTIONS["Catalog"][1] | {"ACCESS": access, "PAGES_URL": url}).items():
        monkeypatch.setenv(name, value)
    assert expected == CatalogSettings.load().readers_address("own")
