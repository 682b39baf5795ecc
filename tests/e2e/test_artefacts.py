"""What `sam build` made is whole: it needs nothing of this machine but Python, and boto3 as the runtime brings it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import requires
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.e2e.conftest import Demo

PYTHON = Path(sys.base_prefix) / "bin" / "python3.13"
RUNTIME = ["boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"]
"""What Lambda's Python runtime has besides the standard library."""

ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_METRICS_NAMESPACE": "test",
    "TABLE_NAME": "table",
    "BUCKET_NAME": "bucket",
    "PAGES_PREFIX": "pages",
    "QUEUE_URL": "http://127.0.0.1:9/queue",
    "HF_BASE_URL": "http://127.0.0.1:9",
    "TIME_ZONE": "Asia/Shanghai",
    "SUMMARIZER": "none",
    "LANGUAGE": "zh",
}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the runtime has and nothing else."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        found = Path(spec.origin)
        found = found.parent if found.name == "__init__.py" else found
        (folder / found.name).symlink_to(found)
    return folder


@pytest.mark.parametrize(
    ("function", "event", "expected"),
    [
        ("Score", {"Records": []}, {"batchItemFailures": []}),
        ("Summarize", {"Records": []}, {"batchItemFailures": []}),
        ("Render", {"Records": []}, {"batchItemFailures": []}),
        ("Ingest", {"time": "2026-02-04T03:17:00Z", "day": "2026-02-03"}, "IngestError"),
    ],
)
def test_a_built_function_answers_on_its_own(
    demo: Demo, runtime: Path, function: str, event: object, expected: object
) -> None:
    """A built function answers with the layer and the runtime's boto3, and none of this machine's packages."""
    build = demo.local.home / "build"
    path = [str(build / function), str(build / "SharedLayer" / "python"), str(runtime)]
    code = f"""
import json, sys
sys.path += {path!r}
import handler
class Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"
    def get_remaining_time_in_millis(self): return 300_000
try:
    answer = handler.handler({event!r}, Context())
except Exception as error:
    answer = type(error).__name__
print(json.dumps(answer))
"""
    done = subprocess.run(  # noqa: S603 - our own Python
        [PYTHON, "-I", "-S", "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert expected == json.loads(done.stdout.splitlines()[-1])


def test_the_layer_has_no_boto3(demo: Demo) -> None:
    """What the runtime brings is not carried along."""
    layer = demo.local.home / "build" / "SharedLayer" / "python"
    assert [] == [name for name in ("boto3", "botocore") if (layer / name).exists()]
    assert requires("paperboy")
    assert (layer / "paperboy" / "papers" / "policy.toml").exists()


def test_the_layers_bytecode_is_used_whatever_its_files_are_dated(demo: Demo) -> None:
    """Every module of the layer has bytecode that is not checked against its source's date."""
    layer = demo.local.home / "build" / "SharedLayer" / "python"
    modules = {path.relative_to(layer) for path in layer.rglob("*.py")}
    compiled = {path.relative_to(layer): path.read_bytes()[4:8] for path in layer.rglob("*.cpython-313.pyc")}
    assert {b"\x01\x00\x00\x00"} == set(compiled.values())
    assert modules == {path.parent.parent / f"{path.name.split('.')[0]}.py" for path in compiled}
