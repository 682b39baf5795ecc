"""The archive: everything that is published across days, made from the days' own JSON pages."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where its templates are."""
