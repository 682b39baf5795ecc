"""What a listing says: real items, odd items, and papers that are listed twice."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from paperboy.adapters.sources.hugging_face import read_listing
from paperboy.papers.listing import Listing, ListingError, Rejection
from paperboy.papers.paper import LAST_AUTHORS, MAX_ADDRESS_CHARS, MAX_AUTHORS, MAX_KEYWORDS, Authors, Paper
from tests.samples import item, read_json

WHOLE = Paper(
    id="2602.02343",
    link="https://arxiv.org/abs/2602.02343",
    citation="arXiv:2602.02343",
    title="Why Steering Works",
    organization="alibaba",
    upvotes=9,
    stars=2708,
    comments=1,
    abstract="We look at steering. It works.",
    ai_summary="Steering works.",
    published_at=dt.datetime(2026, 2, 2, 17, 4, 36, tzinfo=dt.UTC),
    authors=Authors(names=("A. Author",)),
    keywords=("steering", "representation"),
    pdf="https://arxiv.org/pdf/2602.02343",
    discussion="https://huggingface.co/papers/2602.02343",
    repository="https://github.com/zjunlp/EasyEdit",
    project_page="https://example.com/steering",
    thumbnail="https://cdn.example.com/2602.02343.png",
)
GOOD = item(id="2602.00001")

UNKNOWN: dict[str, dict[str, Any]] = {
    "organization": {"organization": None},
    "upvotes": {"upvotes": None},
    "githubStars": {"stars": None},
    "numComments": {"comments": None},
    "summary": {"abstract": ""},
    "ai_summary": {"ai_summary": None},
    "publishedAt": {"published_at": None},
    "authors": {"authors": None},
    "ai_keywords": {"keywords": ()},
    "githubRepo": {"repository": None},
    "projectPage": {"project_page": None},
    "thumbnail": {"thumbnail": None},
    "submittedOnDailyAt": {},
}
"""By key that an item may lack: what is then not known of the paper."""


def read_one(one: Any) -> Paper:
    listing = read_listing([one])
    assert () == listing.rejections
    return listing.papers[0]


def why_rejected(one: Any) -> str:
    """The reason for which an item is left aside, between two good ones that it must not cost."""
    listing = read_listing([GOOD, one, item(id="2602.00003")])
    assert ["2602.00001", "2602.00003"] == [paper.id for paper in listing.papers]
    return " / ".join(f"{bad.item}: {bad.reason}" for bad in listing.rejections)


def test_whole_item() -> None:
    """An item with all its keys gives a paper with all its fields; the item's own outer date is not used."""
    assert WHOLE == read_one(item())


@pytest.mark.parametrize(("key", "lost"), UNKNOWN.items())
def test_absent_key(key: str, lost: dict[str, None]) -> None:
    """A key that is absent is unknown, never 0, and costs nothing else."""
    assert WHOLE.model_copy(update=lost) == read_one(item(key))


@pytest.mark.parametrize(("key", "lost"), UNKNOWN.items())
def test_null(key: str, lost: dict[str, None]) -> None:
    """A null says as much as an absent key."""
    assert WHOLE.model_copy(update=lost) == read_one(item(**{key: None}))


@pytest.mark.parametrize(
    ("organization", "name"),
    [
        ({"name": "alibaba-inc", "fullname": "alibaba"}, "alibaba"),
        ({"name": "alibaba-inc", "fullname": None}, "alibaba-inc"),
        ({"name": "alibaba-inc", "fullname": ""}, "alibaba-inc"),
        ({"name": "alibaba-inc"}, "alibaba-inc"),
        ({"name": None, "fullname": None}, None),
        ({"name": "\u200b"}, None),
        ({}, None),
    ],
)
def test_organization(organization: dict[str, str | None], name: str | None) -> None:
    """An organisation is called by its full name, else by its short one."""
    assert name == read_one(item(organization=organization)).organization


def test_organization_of_the_item() -> None:
    """An organisation that stands beside the paper alone counts as well."""
    one = item()
    del one["paper"]["organization"]
    assert "alibaba" == read_one(one).organization


def test_zero_is_known() -> None:
    """A count of 0 is a count, not an unknown one."""
    paper = read_one(item(upvotes=0, githubStars=0, numComments=0))
    assert (0, 0, 0) == (paper.upvotes, paper.stars, paper.comments)


@pytest.mark.parametrize("key", ["title", "summary", "ai_summary"])
def test_white_space(key: str) -> None:
    """Line breaks, tabs and runs of spaces in a text are one space; at its ends they are none."""
    paper = read_one(item(**{key: " Why\n  Steering\r\n\tWorks\u00a0"}))
    field = {"summary": "abstract"}.get(key, key)
    assert "Why Steering Works" == getattr(paper, field)


BAD_ITEMS = {
    "text": ("{'paper': {'id': '2412.09645'}}", "item 2: expected an object, got str"),
    "null": (None, "item 2: expected an object, got NoneType"),
    "list": ([item()], "item 2: expected an object, got list"),
    "empty": ({}, "item 2: paper: expected an object, got NoneType"),
    "paper is text": ({"paper": "2602.02343"}, "item 2: paper: expected an object, got str"),
    "no id": (item("id"), "item 2: id: Input should be a valid string"),
    "null id": (item(id=None), "item 2: id: Input should be a valid string"),
    "empty id": (item(id=""), "item 2: id: String should match pattern"),
    "number id": (item(id=2602.02343), "item 2: id: Input should be a valid string"),
    "old id": (item(id="cs/0112017"), "item 2: id: String should match pattern"),
    "path id": (item(id="../2602.02343"), "item 2: id: String should match pattern"),
    "version id": (item(id="2602.02343v2"), "item 2: id: String should match pattern"),
    "line id": (item(id="2602.02343\n"), "item 2: id: String should match pattern"),
    "digits of another script": (item(id="２６０２.０２３４３"), "item 2: id: String should match pattern"),
    "long id": (item(id="9" * 1000), "item 2: id: String should match pattern"),
    "no title": (item("title"), "2602.02343: title: Input should be a valid string"),
    "null title": (item(title=None), "2602.02343: title: Input should be a valid string"),
    "empty title": (item(title=" \n"), "2602.02343: title: String should have at least 1 character"),
    "unseen title": (item(title="\u200b\u3164 \u00ad"), "2602.02343: title: String should have at least 1 character"),
    "list title": (item(title=["Why"]), "2602.02343: title: Input should be a valid string"),
    "abstract": (item(summary=["We"]), "2602.02343: abstract: Input should be a valid string"),
    "ai_summary": (item(ai_summary={"text": "We"}), "2602.02343: ai_summary: Input should be a valid string"),
    "organization": (item(organization="alibaba"), "2602.02343: organization: expected an object, got str"),
    "full name": (item(organization={"fullname": 7}), "2602.02343: organization: Input should be a valid string"),
    "upvotes": (item(upvotes=-1), "2602.02343: upvotes: Input should be greater than or equal to 0"),
    "stars": (item(githubStars=-1), "2602.02343: stars: Input should be greater than or equal to 0"),
    "comments": (item(numComments=-1), "2602.02343: comments: Input should be greater than or equal to 0"),
    "too many": (item(upvotes=10**40), "2602.02343: upvotes: Input should be less than or equal to 1000000000"),
    "half a vote": (item(upvotes=1.5), "2602.02343: upvotes: Input should be a valid integer"),
    "infinite": (item(upvotes=float("inf")), "2602.02343: upvotes: Input should be a finite number"),
    "many": (item(upvotes="many"), "2602.02343: upvotes: Input should be a valid integer"),
    "date": (item(publishedAt="soon"), "2602.02343: published_at: Input should be a valid datetime"),
}


@pytest.mark.parametrize(("bad", "why"), BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_bad_item(bad: Any, why: str) -> None:
    """A bad item is left aside with its id, or its place where that is bad, and the reason, and costs no other."""
    assert why_rejected(bad).startswith(why)


def test_every_reason() -> None:
    """An item that is wrong in two ways is told with both."""
    reason = why_rejected(item(upvotes=-1, githubStars=-1))
    limit = "Input should be greater than or equal to 0"
    assert f"2602.02343: upvotes: {limit}; stars: {limit}" == reason


@pytest.mark.parametrize(("key", "field"), [("title", "title"), ("summary", "abstract"), ("ai_summary", "ai_summary")])
def test_half_a_character(key: str, field: str) -> None:
    """Half a surrogate pair, which JSON can hold and UTF-8 cannot, costs no more than that character."""
    listing = read_listing([item(**{key: "cut \ud835"})])
    assert ["cut \ufffd"] == [getattr(paper, field) for paper in listing.papers]


BAD_ADDRESSES = [
    *("javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "file:///etc/passwd", "ftp://example.com/a"),
    *("//example.com/a", "/papers/1", "example.com/a", "", " ", "https://", "https:///a", "https://a b.com/"),
    *("https://github.com@example.com/", "https://user:word@example.com/", "https://example.com/a b", "https://[::1]/"),
    *(
        'https://example.com"onclick="alert(1)',
        "https://example.com/\u202egnp.exe",
        "https://例子.com/",
        "https://a/\x00",
    ),
    *(" javascript:alert(1)", "java\nscript:alert(1)", "https://example.com/" + "a" * MAX_ADDRESS_CHARS),
    *(7, True, ["https://example.com/"], {"url": "https://example.com/"}),
]
"""What is no address over HTTP that a reader may be sent to."""


@pytest.mark.parametrize("address", BAD_ADDRESSES, ids=repr)
def test_bad_address(address: object) -> None:
    """An address that is none, or not over HTTP, or hides where it leads, is dropped, and costs the paper nothing."""
    known = {"repository": None, "project_page": None, "thumbnail": None}
    bad = read_one(item(githubRepo=address, projectPage=address, thumbnail=address))
    assert WHOLE.model_copy(update=known) == bad


@pytest.mark.parametrize(
    ("address", "read"),
    [
        *((good, good) for good in ("http://a.example:8080/x?y=1#z", "https://example.com", "https://e.com/<\"'&>")),
        ("https://github.com/a/\nb\r\n", "https://github.com/a/b"),
    ],
)
def test_address(address: str, read: str) -> None:
    """An address over HTTP is kept as it is, but for line breaks in it, which a browser overlooks as well."""
    one = read_one(item(githubRepo=address, projectPage=address))
    assert (read, read) == (one.repository, one.project_page)


@pytest.mark.parametrize("key", ["authors", "ai_keywords"])
@pytest.mark.parametrize(
    "value", [7, "A. Author", {"name": "A. Author"}, [], [None, 7, [], {}, "", " \n\u2800"]], ids=repr
)
def test_bad_names(key: str, value: object) -> None:
    """Authors or keywords that are none are dropped, and cost the paper nothing."""
    assert WHOLE.model_copy(update=UNKNOWN[key]) == read_one(item(**{key: value}))


def test_bad_name_among_good_ones() -> None:
    """Of the names and keywords each bad one is dropped alone; those that stay are in their order, on one line each."""
    names = ["B.\n Two", None, "A" * 101, "A. One \ud835", "", 7]
    one = read_one(item(authors=["A", None, *({"name": name} for name in names), {}], ai_keywords=names))
    assert (("B. Two", "A. One \ufffd"),) * 2 == (one.authors and one.authors.names, one.keywords)


@pytest.mark.parametrize(("count", "omitted"), [(1, 0), (MAX_AUTHORS, 0), (MAX_AUTHORS + 1, 1), (664, 564)])
def test_many_authors(count: int, omitted: int) -> None:
    """Of very many authors the first ones and the last are kept, and how many there are."""
    names = [f"Author {number}" for number in range(count)]
    authors = read_one(item(authors=[{"name": name} for name in names])).authors
    assert authors
    assert (count, omitted, min(count, MAX_AUTHORS)) == (authors.count, authors.omitted, len(authors.names))
    first = count if not omitted else MAX_AUTHORS - LAST_AUTHORS
    assert (names[:first], names[count - LAST_AUTHORS :][-LAST_AUTHORS:] if omitted else []) == (
        list(authors.names[:first]),
        list(authors.names[first:]),
    )


def test_the_longest_paper_fits_into_a_record() -> None:
    """A paper of which everything is as long as it can be, in letters of three bytes, is below DynamoDB's 400 KB."""
    long = "https://example.com/" + "a" * (MAX_ADDRESS_CHARS - 20)
    whole = read_one(
        item(
            title="中" * 20_000,
            summary="中" * 40_000,
            ai_summary="中" * 10_000,
            organization={"fullname": "中" * 20_000},
            authors=[{"name": "中" * 100}] * 2_000,
            ai_keywords=["中" * 100] * 2_000,
            **dict.fromkeys(("githubRepo", "projectPage", "thumbnail"), long),
        )
    )
    assert whole.authors
    assert (MAX_AUTHORS, MAX_KEYWORDS, long) == (len(whole.authors.names), len(whole.keywords), whole.repository)
    assert len(json.dumps(whole.values(), ensure_ascii=False).encode()) < 400_000


@pytest.mark.parametrize("answer", [None, {}, {"error": "not found"}, "[]", 7, ()])
def test_no_list(answer: object) -> None:
    """An answer that is no list is no listing."""
    with pytest.raises(ListingError, match="expected a JSON list of papers, got "):
        read_listing(answer)


def test_empty_list() -> None:
    """An empty listing is a listing without papers."""
    assert Listing() == read_listing([])


def test_twice() -> None:
    """A paper that is listed twice keeps its first place and takes what the second item knows."""
    first = item("githubStars", upvotes=9, title="An Old Title")
    again = item("organization", upvotes=10, ai_summary=None, title="A New Title")
    papers = read_listing([first, GOOD, again]).papers
    assert [
        WHOLE.model_copy(update={"title": "A New Title", "upvotes": 10}),
        WHOLE.model_copy(
            update={
                "id": "2602.00001",
                "link": "https://arxiv.org/abs/2602.00001",
                "citation": "arXiv:2602.00001",
                "pdf": "https://arxiv.org/pdf/2602.00001",
                "discussion": "https://huggingface.co/papers/2602.00001",
            }
        ),
    ] == list(papers)


@pytest.mark.parametrize("items", [[item(), item(upvotes=-1)], [item(upvotes=-1), item()]], ids=["after", "before"])
def test_twice_and_once_bad(items: list[Any]) -> None:
    """A paper of which one item is good is a paper, and is not counted as rejected as well."""
    assert Listing(papers=(WHOLE,)) == read_listing(items)


def test_bad_twice() -> None:
    """A paper that is bad twice is rejected once, for its first reason."""
    [bad] = read_listing([item(title=""), item(upvotes=-1)]).rejections
    assert Rejection(item="2602.02343", reason="title: String should have at least 1 character") == bad


@pytest.mark.parametrize(
    ("newer", "expected"),
    [
        ({"upvotes": 10, "stars": 0}, {"upvotes": 10, "stars": 0}),
        ({"organization": None, "upvotes": None, "stars": None, "comments": None}, {}),
        ({"abstract": "", "ai_summary": None, "published_at": None}, {}),
        ({"title": "A New Title"}, {"title": "A New Title"}),
    ],
)
def test_update(newer: dict[str, Any], expected: dict[str, Any]) -> None:
    """What is told anew counts, a 0 too; what is not told any more stays as it was."""
    assert WHOLE.model_copy(update=expected) == WHOLE.updated_by(WHOLE.model_copy(update=newer))


def test_malformed_answers(shared_data: Path) -> None:
    """Real answers whose items are all strings give no paper, and a reason for each item."""
    for file in sorted((shared_data / "data/hf_daily_malformed").iterdir()):
        answer = read_json(file)
        expected = tuple(
            Rejection(item=f"item {place}", reason="expected an object, got str") for place in range(1, len(answer) + 1)
        )
        assert Listing(rejections=expected) == read_listing(answer), file.name


def test_real_listings(shared_data: Path) -> None:
    """Every item of the real listings is read, in its order."""
    files = sorted((shared_data / "data/hf_daily").iterdir())
    assert 133 == len(files)
    for file in files:
        answer = read_json(file)
        listing = read_listing(answer)
        assert () == listing.rejections, file.name
        assert list(dict.fromkeys(each["paper"]["id"] for each in answer)) == [paper.id for paper in listing.papers]


@pytest.mark.parametrize("field", ["title", "summary", "ai_summary"])
def test_a_text_that_no_record_holds_is_rejected(field: str) -> None:
    """An item with a text of half a megabyte is rejected with the field that is too long, and costs no other."""
    listing = read_listing([item(id="2602.00001", **{field: "x" * 500_000}), item()])
    assert ["2602.02343"] == [paper.id for paper in listing.papers]
    assert [("2602.00001", True)] == [(bad.item, "should have at most" in bad.reason) for bad in listing.rejections]


def test_a_reason_is_short() -> None:
    """A thousand reasons fit into a record, whatever stands in the items."""
    bad = {"paper": {"id": "2602.00001", "title": 1, "upvotes": "x", "githubStars": "y", "publishedAt": "z" * 999}}
    assert all(len(rejected.reason) <= 200 for rejected in read_listing([bad]).rejections)


def paper_with(**values: Any) -> Paper:
    return Paper.model_validate(WHOLE.model_dump() | values)


@pytest.mark.parametrize(
    ("field", "most"),
    [("citation", 100), ("title", 20_000), ("organization", 20_000), ("abstract", 40_000), ("ai_summary", 10_000)],
)
def test_the_longest_texts(field: str, most: int) -> None:
    """A text of a paper may be as long as a record can hold, and no longer."""
    assert most == len(getattr(paper_with(**{field: "中" * most}), field))
    with pytest.raises(ValidationError, match=f"{field}\n.*should have at most"):
        paper_with(**{field: "中" * (most + 1)})


@pytest.mark.parametrize("field", ["title", "citation"])
def test_the_shortest_texts(field: str) -> None:
    """A paper has a title and a citation, of one character at least."""
    assert "中" == getattr(paper_with(**{field: "中"}), field)
    with pytest.raises(ValidationError, match=f"{field}\n.*should have at least 1"):
        paper_with(**{field: ""})


@pytest.mark.parametrize("paper_id", ["2602.02343", "a", "Z", "0", "a.B_c-9", "A-", "x" * 64])
def test_id(paper_id: str) -> None:
    """An id is up to 64 letters, digits, dots, lines and hyphens, a letter or digit first."""
    assert paper_id == paper_with(id=paper_id).id


@pytest.mark.parametrize(
    "paper_id", ["", ".a", "-a", "_a", "/a", "a/b", "a#b", "a b", " a", "a\n", "é", "９", "x" * 65]
)
def test_no_id(paper_id: str) -> None:
    """What could not be a part of a key is no id."""
    with pytest.raises(ValidationError, match=r"id\n.*should match pattern"):
        paper_with(id=paper_id)


@pytest.mark.parametrize("link", ["https://a", "https://arxiv.org/abs/2602.02343?a=~!#b", f"https://{'a' * 200}"])
def test_link(link: str) -> None:
    """A link is an https address of printable ASCII, of up to 200 characters after the scheme."""
    assert link == paper_with(link=link).link


@pytest.mark.parametrize(
    "link",
    [
        *("", "https://", "http://a", "javascript:alert(1)//https://a", " https://a", "https://a b", "https://a\n"),
        *("https://中.cn", "https://a\x7f", f"https://{'a' * 201}"),
    ],
)
def test_no_link(link: str) -> None:
    """What a page could not link to as it is, is no link."""
    with pytest.raises(ValidationError, match=r"link\n.*should match pattern"):
        paper_with(link=link)


def test_values() -> None:
    """The values of a paper are as JSON has them, and what is not known of it is none of them."""
    bare = {name: getattr(WHOLE, name) for name in ("id", "link", "citation", "title")}
    assert bare == Paper(**bare, abstract="", organization="").values()
    assert bare | {"published_at": "2026-02-02T17:04:36Z"} == Paper(**bare, published_at=WHOLE.published_at).values()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*item()["paper"], "paper"]), inner),
    max_leaves=20,
)
"""Anything that JSON can hold, with the keys that listings have."""


@given(JSON)
def test_any_answer_is_a_listing_or_none(answer: Any) -> None:
    """Whatever an answer holds, it is refused as a whole, or each of its items ends as a paper or as a rejection."""
    if not isinstance(answer, list):
        with pytest.raises(ListingError):
            read_listing(answer)
        return
    listing = read_listing(answer)
    names = [*(paper.id for paper in listing.papers), *(rejection.item for rejection in listing.rejections)]
    assert len(set(names)) == len(names) <= len(answer)
    assert bool(names) == bool(answer)


@given(st.sampled_from(sorted(item()["paper"])), JSON)
def test_any_value_costs_its_item_alone(key: str, value: Any) -> None:
    """Whatever stands under a key of an item, the items beside it are read."""
    listing = read_listing([GOOD, item(**{key: value}), item(id="2602.00003")])
    assert {"2602.00001", "2602.00003"} <= {paper.id for paper in listing.papers}
    assert all(len(rejection.reason) <= 200 for rejection in listing.rejections)
