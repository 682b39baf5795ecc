"""What every test has at hand."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real listings beside the project; it does not travel with it. In CI it has to be there."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        missing = "needs the folder of real listings beside the project (../shared), which is not here"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return folder
