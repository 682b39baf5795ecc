"""Summaries: what a model is asked of a paper, what counts as an answer, and what it may cost."""
