"""The files that a user edits: a mistake in any of them stops a build, with the file and the place."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paperboy.__main__ import check_files
from tests.conftest import ROOT


def test_the_projects_own_are_good() -> None:
    """Nothing is wrong with the policy, the languages and the templates that come with the project."""
    check_files()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("papers/policy.toml", "stars = 6 ", 'stars = "six" ', "weights.stars: expected a valid number"),
        ("papers/policy.toml", "stars = 6 ", "stars = = ", "expected TOML"),
        ("languages/zh.toml", 'link = "论文链接"', "", "labels.link: Field required"),
        ("languages/en.toml", "[labels]", "[labels", "expected TOML"),
        ("pages/digest.html", "<h1>{{ labels.digest }}", "<h1>{{ labels.digest }", "pages/digest.html, line "),
        ("archive/index.html", "{% endfor %}", "", "archive/index.html, line "),
        ("announcements/mail.html", "{% endfor %}", "", "announcements/mail.html, line "),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    """What `sam build` asks first ends with one line that names the file, and the key or the line."""
    edited = shutil.copytree(ROOT / "shared/paperboy", tmp_path / "paperboy") / file
    text = edited.read_text("utf-8")
    assert old in text
    edited.write_text(text.replace(old, new, 1), "utf-8")
    done = subprocess.run([sys.executable, "-m", "paperboy"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert said in done.stderr
    assert str(edited) in done.stderr
    assert 1 == len(done.stderr.splitlines())
