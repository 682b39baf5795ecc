"""Paperboy: the day's AI papers, ranked by a score you can check by hand, told in Chinese."""

__version__ = "0.2.0"
