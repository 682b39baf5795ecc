"""How a run's model calls are shared out among its papers."""

import pytest

from paperboy.summaries.request import MAX_CALLS_PER_PAPER, share_calls


@pytest.mark.parametrize(
    ("papers", "max_calls", "used", "expected"),
    [
        (3, 0, 99, [MAX_CALLS_PER_PAPER] * 3),
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
def test_the_best_papers_do_not_go_without(papers: int, max_calls: int, used: int, expected: list[int]) -> None:
    """Each paper gets a call in rank order, then each one more for a repair, until the run's limit is reached."""
    assert expected == share_calls(papers, max_calls, used)
