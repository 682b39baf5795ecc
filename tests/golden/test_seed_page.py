"""The seed's page, byte for byte."""

import json
from pathlib import Path

from typer.testing import CliRunner

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.papers.policy import load_policy
from paperboy.summaries.summary import Rung, Summary
from paperboy_cli.commands.render import markdown_page
from paperboy_cli.main import app
from tests.samples import DAY, ZH, read_json, seed_texts


def test_seed_page(shared_data: Path) -> None:
    """The seed's listing and texts give the seed's page."""
    listing = read_listing(read_json(shared_data / "data/seed_day/payload.json.gz"))
    summaries = {paper_id: Summary(**text, rung=Rung.MODEL) for paper_id, text in seed_texts(shared_data).items()}
    page = markdown_page(listing, load_policy(), DAY, summaries, ZH)
    assert (shared_data / "seed/2026-02-03.md").read_bytes() == page.encode()


def test_render_command(shared_data: Path, tmp_path: Path) -> None:
    """`paperboy render` writes the seed's page to standard output, and nothing else."""
    summaries = tmp_path / "summaries.json"
    summaries.write_text(json.dumps(seed_texts(shared_data)), "utf-8")
    listing = shared_data / "data/seed_day/payload.json.gz"
    ran = CliRunner().invoke(app, ["render", str(listing), "--date", "2026-02-03", "--summaries", str(summaries)])
    assert (0, "") == (ran.exit_code, ran.stderr)
    assert (shared_data / "seed/2026-02-03.md").read_bytes() == ran.stdout_bytes
