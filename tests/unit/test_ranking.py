"""Scores, tags, order and the cut, with values computed by hand."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperboy.papers.paper import Paper
from paperboy.papers.policy import Cut, Policy, Viral, load_policy
from paperboy.papers.ranking import MAX_UPVOTES, Parts, Ranked, rank
from tests.samples import paper as sample_paper

DAY = date(2026, 2, 3)
POLICY = load_policy()


def paper(number: int = 0, *, title: str = "A Study", organization: str | None = None, **signals: int) -> Paper:
    return sample_paper(number, title=title, organization=organization, **signals)


def ranked(one: Paper, policy: Policy = POLICY) -> Ranked:
    """A paper's row when it is the only one of the day."""
    return rank([one], policy, DAY).rows[0]


def order(papers: list[Paper]) -> list[int]:
    """The numbers of the papers in rank order."""
    return [int(row.id[5:]) for row in rank(papers, POLICY, DAY).rows]


@pytest.mark.parametrize(
    ("scored", "score"),
    [
        (paper(), 0.0),
        (paper(upvotes=0, stars=0, comments=0), 0.0),
        (paper(upvotes=1), 3.47),  # 5 * 0.693147
        (paper(stars=1), 4.16),  # 6 * 0.693147
        (paper(comments=1), 0.69),
        (paper(organization="Google"), 20.0),
        (paper(organization="Qwen"), 50.0),
        (paper(organization="alibaba", upvotes=9, stars=2708, comments=1), 79.63),  # 11.5129 + 47.4260 + 0.6931 + 20
    ],
)
def test_score(scored: Paper, score: float) -> None:
    """A score is the weighted logarithms of the signals and the lab's bonus; an unknown signal counts as 0."""
    assert score == ranked(scored).score


def test_parts() -> None:
    """The parts say what each signal and the bonus brought, and add up to the score."""
    row = ranked(paper(organization="alibaba", upvotes=9, stars=2708, comments=1))
    rounded = {name: round(points, 4) for name, points in row.parts}
    assert rounded == {"upvotes": 11.5129, "stars": 47.426, "comments": 0.6931, "bonus": 20, "relevant": 0}
    assert row.score == round(row.parts.total, 2)


@pytest.mark.parametrize(
    ("tagged", "tags", "trophy"),
    [
        (paper(), (), False),
        (paper(stars=2000, upvotes=500), (), False),
        (paper(stars=2001), ("Viral",), True),
        (paper(upvotes=501), ("Viral",), True),
        (paper(organization="Google", title="Agents"), ("Frontier Lab",), False),
        (paper(organization="Qwen"), ("Super Lab",), False),
        (paper(organization="Qwen", title="Leveraging Supervision"), ("Super Lab",), False),
        (paper(organization="Qwen", title="WebAgents"), ("Super Lab", "Must Read"), True),
        (paper(organization="Qwen", title="RAG", stars=2001), ("Super Lab", "Viral", "Must Read"), True),
        (paper(title="Agents"), (), False),
    ],
)
def test_tags(tagged: Paper, tags: tuple[str, ...], trophy: bool) -> None:
    """The lab's tag comes first, then Viral, then Must Read; the last two bring the trophy."""
    row = ranked(tagged)
    assert (tags, trophy) == (row.tags, row.trophy)


def test_relevant() -> None:
    """A keyword of the reader brings its bonus once, and its tag after the lab's, but no trophy."""
    relevant = POLICY.relevant.model_copy(update={"keywords": ("speech", "audio")})
    policy = POLICY.model_copy(update={"relevant": relevant})
    row = ranked(paper(organization="Google", title="Audio and Speech", stars=1), policy)
    assert (row.tags, row.parts.relevant, row.score, row.trophy) == (("Frontier Lab", "Relevant"), 10.0, 34.16, False)
    assert ranked(paper(title="Speech", stars=2001), policy).tags == ("Relevant", "Viral")
    assert ranked(paper(title="Leaudio"), policy).parts == Parts(upvotes=0, stars=0, comments=0, bonus=0, relevant=0)


def test_the_listings_day_counts() -> None:
    """A paper is ranked by the labs as of the listing's day."""
    stepfun = paper(organization="StepFun")
    tiers = [rank([stepfun], POLICY, day).rows[0].tier for day in (date(2026, 2, 18), date(2026, 2, 19))]
    assert tiers == [None, "super"]


def test_order() -> None:
    """Trophies come first, whatever their score; then the higher score comes first."""
    papers = [paper(0, upvotes=3), paper(1, organization="Qwen", stars=2000), paper(2, stars=2001), paper(3, upvotes=4)]
    assert order(papers) == [2, 1, 3, 0]


def test_ties_keep_the_listings_order() -> None:
    """Papers of equal rounded score stay in listing order, even where the exact score differs."""
    papers = [paper(3, upvotes=500), paper(1, upvotes=499), paper(2, upvotes=500)]
    assert order(papers) == [3, 2, 1]
    coarse = POLICY.model_copy(update={"decimals": 0})
    assert [row.id for row in rank(papers, coarse, DAY).rows] == [each.id for each in papers]


@pytest.mark.parametrize(
    ("listed", "others_above", "others_below", "selected"),
    [
        (0, 0, 0, 0),  # an empty day
        (0, 7, 0, 7),  # fewer than the floor: all of them
        (0, 30, 0, 10),  # no listed lab: the floor
        (1, 8, 30, 10),  # the last lab at 9: the floor
        (1, 9, 30, 10),  # at 10
        (1, 10, 30, 11),  # at 11: the lab ends it
        (2, 48, 30, 50),  # at 50: the whole pool
        (1, 50, 30, 10),  # at 51, outside the pool: the floor
        (3, 48, 30, 50),  # at 49, 50 and 51: up to the pool's last
    ],
)
def test_cut(listed: int, others_above: int, others_below: int, selected: int) -> None:
    """The digest ends at the last listed lab among the first 50, but holds at least ten papers, or all."""
    above = [paper(n, upvotes=500) for n in range(others_above)]  # 31.08 points each
    labs = [paper(100 + n, organization="Google", upvotes=8) for n in range(listed)]  # 20 + 10.99
    below = [paper(200 + n) for n in range(others_below)]  # 0
    ranking = rank([*below, *labs, *above], POLICY, DAY)
    assert [row.rank for row in ranking.rows] == list(range(1, len(ranking.rows) + 1))
    assert ranking.rows[:selected] == ranking.selected


def test_published_stays() -> None:
    """A paper of an earlier digest stays in below the cut, at its rank, and brings no other paper in."""
    papers = [paper(n, upvotes=100 - n) for n in range(60)]
    selected = rank(papers, POLICY, DAY, published={"2602.00055", "2602.99999"}).selected
    assert [row.rank for row in selected] == [*range(1, 11), 56]


@pytest.mark.parametrize(
    ("one", "viral"),
    [
        (paper(), False),
        (paper(stars=0, upvotes=0), False),
        (paper(stars=1), True),
        (paper(upvotes=1), True),
    ],
)
def test_viral_from_the_first_vote_on(one: Paper, viral: bool) -> None:
    """Where more than nothing is Viral, a single vote or star is, and none or an unknown number is not."""
    policy = POLICY.model_copy(update={"viral": Viral(stars=0, upvotes=0)})
    assert viral == ranked(one, policy).trophy


@pytest.mark.parametrize(("listed", "selected"), [(0, 0), (1, 3)])
def test_without_a_floor(listed: int, selected: int) -> None:
    """Without a floor the digest ends at the last listed lab, and has no papers where there is none."""
    policy = POLICY.model_copy(update={"cut": Cut(pool=50, floor=0)})
    labs = [paper(9, organization="Google")] * listed
    papers = [paper(0, upvotes=500), paper(1, upvotes=500), *labs, paper(2)]
    assert selected == len(rank(papers, policy, DAY).selected)


DAYS: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        organization=st.sampled_from([None, None, "Google", "Qwen"]),
        title=st.sampled_from(["A Study", "Agents"]),
        upvotes=st.integers(0, 40) | st.none(),
        stars=st.sampled_from([None, 0, 5, 3000]),
    ),
    max_size=9,
)
"""The papers of small days."""


@given(DAYS, st.integers(0, 4), st.integers(1, 3))
def test_lacking_upvotes(papers: list[dict[str, Any]], floor: int, more: int) -> None:
    """So many more upvotes bring a paper in that is left out, and one fewer does not; one that is in lacks none."""
    cut, viral = Cut(pool=floor + more, floor=floor), Viral(stars=2000, upvotes=60)
    policy = POLICY.model_copy(update={"cut": cut, "viral": viral})

    def is_in(number: int, upvotes: int) -> bool:
        raised = [*papers[:number], papers[number] | {"upvotes": upvotes}, *papers[number + 1 :]]
        rows = rank([sample_paper(place, **each) for place, each in enumerate(raised)], policy, DAY).rows
        return next(row.selected for row in rows if int(row.id[5:]) == number)

    for row in rank([sample_paper(place, **each) for place, each in enumerate(papers)], policy, DAY).rows:
        number = int(row.id[5:])
        upvotes = papers[number]["upvotes"] or 0
        if row.selected:
            assert row.lacking_upvotes is None
        elif row.lacking_upvotes is None:
            assert not is_in(number, MAX_UPVOTES)
        else:
            assert is_in(number, upvotes + row.lacking_upvotes)
            assert not is_in(number, upvotes + row.lacking_upvotes - 1)


def test_lacking_upvotes_by_hand() -> None:
    """At the cut the earlier paper of the listing wins a tie; a listed lab need only be in the pool."""
    tenth = [paper(number, upvotes=20) for number in range(10)]
    rows = rank([*tenth, paper(10, upvotes=8), paper(11, organization="Google")], POLICY, DAY).rows
    assert [(11, True, None), (10, False, 13)] == [
        (int(row.id[5:]), row.selected, row.lacking_upvotes) for row in rows if row.id > tenth[-1].id
    ]
    [*_, last] = rank([paper(10, upvotes=8), *tenth], POLICY, DAY).rows
    assert 12 == last.lacking_upvotes


def test_no_number_of_upvotes_within_reason() -> None:
    """Where the papers above have more upvotes than any has, no number is told."""
    above = [paper(number, upvotes=2_000) for number in range(10)]
    rows = rank([*above, *(paper(number) for number in range(10, 30))], POLICY, DAY).rows
    assert {None} == {row.lacking_upvotes for row in rows}
