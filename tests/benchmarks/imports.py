"""How long a cold start imports, and how large the layer is: the built functions, zipped and unpacked as in Lambda.

.venv/bin/python -m tests.benchmarks.imports
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from paperboy_cli.local.deployment import build
from tests.benchmarks.common import benchmark, console, local_stack, run, show, verdict

PYTHON = str(Path(sys.base_prefix) / "bin" / "python3.13")
RUNTIME = ["boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3"]
"""What Lambda's Python runtime has besides the standard library."""
REACH = {"Ingest": 1.5, "Score": 1.5, "Summarize": 1.8, "Render": 1.5, "Catalog": 1.5, "Announce": 1.8}
"""Times of `import boto3` and one client."""
STATEMENTS = {"Summarize": "import handler, paperboy.adapters.models.openai"}
"""A provider is loaded with the first event: the one over HTTP takes longest."""
LAYER_REACH = 10.0
"""MB, zipped."""
TIMES = 11
YEAR_1980 = 315_532_800
BASE = "import boto3; boto3.client('dynamodb')"
HOW = f"""\
`sam build`, each artefact zipped with every file dated 1980 as SAM does it, and unpacked. Each import runs in a fresh
interpreter that has the function, the layer and the runtime's boto3, and writes no bytecode; Summarize loads its
endpoint too. Medians of {TIMES} turns, a ratio in each."""


def main() -> None:
    with benchmark("imports", HOW, seconds=300), local_stack() as local:
        build(local)
        built, opt = local.home / "build", local.home / "unpacked"
        zips = {name: zipped(built / name, local.home / f"{name}.zip") for name in [*REACH, "SharedLayer"]}
        for name, file in zips.items():
            unpack(file, opt / name)
        show_imports(opt, runtime(local.home / "runtime"))
        show_layer(zips["SharedLayer"])


def show_imports(opt: Path, boto3: Path) -> None:
    paths = {name: [opt / name, opt / "SharedLayer" / "python", boto3] for name in REACH}
    code: dict[str, tuple[str, list[Path]]] = {"boto3": (BASE, [boto3])}
    code |= {name: (STATEMENTS.get(name, "import handler"), path) for name, path in paths.items()}
    took: dict[str, list[float]] = {name: [] for name in code}
    for turn in range(TIMES + 1):
        for name, (statement, path) in code.items():
            seconds = imported(statement, path)
            if turn > 0:  # the first one brings the files into memory
                took[name].append(seconds)
    rows = [["boto3 and one client", f"{1000 * median(took['boto3']):.0f}", "1.00", "", ""]]
    for name, reach in REACH.items():
        ratio = median(own / base for own, base in zip(took[name], took["boto3"], strict=True))
        rows.append([name, f"{1000 * median(took[name]):.0f}", f"{ratio:.2f}", f"≤ {reach}", verdict(ratio, reach)])
    show(["import of", "ms", "ratio", "reach", ""], rows)


def imported(statement: str, path: list[Path]) -> float:
    """Seconds that a statement takes in a fresh interpreter which finds packages in `path` alone."""
    code = f"import sys, time; sys.path += {list(map(str, path))!r}\nbegun = time.perf_counter()\n{statement}\n"
    code += "print(time.perf_counter() - begun)"
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_METRICS_NAMESPACE": "benchmark"}
    command = [PYTHON, "-I", "-S", "-B", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    return float(done.stdout)


def show_layer(file: Path) -> None:
    parts: Counter[str] = Counter()
    with zipfile.ZipFile(file) as content:
        for info in content.infolist():
            parts[Path(info.filename).parts[1]] += info.compress_size
    size = file.stat().st_size / 1e6
    console.print(f"\nThe layer, zipped: {size:.2f} MB (reach {LAYER_REACH:.0f} MB: {verdict(size, LAYER_REACH)})")
    show(["its largest parts", "MB zipped"], [[name, f"{part / 1e6:.2f}"] for name, part in parts.most_common(5)])


def runtime(folder: Path) -> Path:
    """A folder with what the runtime has and nothing else, its bytecode compiled."""
    folder.mkdir()
    packages: list[Path] = []
    for name in RUNTIME:
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        module = Path(spec.origin)
        package = module.parent if module.name == "__init__.py" else module
        (folder / package.name).symlink_to(package)
        packages.append(package)
    subprocess.run([PYTHON, "-m", "compileall", "-q", *packages], check=True)  # noqa: S603 - our own Python
    return folder


def zipped(folder: Path, file: Path) -> Path:
    """A zip of `folder`, each file of it dated 1980 as in SAM's."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as content:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(str(path.relative_to(folder)))
                content.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return file


def unpack(file: Path, folder: Path) -> None:
    """Unpack a zip, with the dates that are in it."""
    with zipfile.ZipFile(file) as content:
        content.extractall(folder)
    for path in folder.rglob("*"):
        os.utime(path, (YEAR_1980, YEAR_1980))


if __name__ == "__main__":
    run(main)
