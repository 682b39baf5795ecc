"""Announcements: what is told of a digest, to which channels, and in which words and pieces."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where its templates are."""
