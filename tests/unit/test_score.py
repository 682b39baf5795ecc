"""score without its edges: how a run's model calls are shared out."""

import pytest

from functions.score.handler import allotted
from paperboy.queue import CALLS


@pytest.mark.parametrize(
    ("papers", "limit", "used", "expected"),
    [
        (3, 0, 99, [CALLS] * 3),
        (3, 6, 0, [2, 2, 2]),
        (3, 100, 0, [2, 2, 2]),
        (3, 4, 0, [2, 1, 1]),
        (3, 3, 0, [1, 1, 1]),
        (3, 2, 0, [1, 1, 0]),
        (3, 5, 3, [1, 1, 0]),
        (3, 3, 9, [0, 0, 0]),
        (0, 3, 0, []),
    ],
)
def test_the_best_papers_do_not_go_without(papers: int, limit: int, used: int, expected: list[int]) -> None:
    """Each paper gets a call in rank order, then each one more for a repair, until the run's limit is reached."""
    assert expected == allotted(papers, limit, used)
