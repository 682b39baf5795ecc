"""Foreign web pages at the running stack, in a real browser: they reach nothing, and the user's own links do."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Browser, Page

from paperboy_cli.local.deployment import SAMPLE
from paperboy_cli.stack.deployed import Deployed
from tests.conftest import EVIL_HOST
from tests.e2e.conftest import Demo
from tests.e2e.test_demo import DAY

ATTACKS = """async ([stack, sample, page, socket]) => {
    const send = (url, more) => fetch(url, {mode: 'no-cors', ...more}).then(() => 'sent', () => 'failed')
    const read = (url, more) => fetch(url, more).then(answer => answer.text(), () => 'unread')
    const loads = make => new Promise(done => {
        const element = document.createElement(make[0])
        element.onload = () => done('loaded')
        element.onerror = () => done('failed')
        element[make[1]] = make[2]
        document.body.append(element)
    })
    return {
        read: await Promise.all([read(page), read(stack), read(sample + '/calls'), read(page, {method: 'DELETE'})]),
        socket: await new Promise(done => {
            const opened = new WebSocket(socket)
            opened.onopen = () => done('opened')
            opened.onerror = () => done('failed')
        }),
        loaded: await Promise.all([loads(['img', 'src', page]), loads(['script', 'src', page])]),
        sent: await Promise.all([
            send(stack + '/_ministack/reset', {method: 'POST'}),
            send(stack + '/_ministack/config', {method: 'POST', body: '{}'}),
            send(stack + '/?Action=ListQueues', {method: 'POST'}),
            send(page, {method: 'POST', body: 'taken'}),
            send(sample + '/v1/chat/completions', {method: 'POST', body: '{"messages": []}'}),
        ]),
    }
}"""
"""What a page tries: to read, to open a websocket, to load, and to send what needs nobody's leave (no preflight)."""


class Foreign(SimpleHTTPRequestHandler):
    """Serves a page of its own, and sends who asks for `/away?ADDRESS` on to that address."""

    def do_GET(self) -> None:
        path, _, address = self.path.partition("?")
        if path != "/away":
            return super().do_GET()
        self.send_response(302)
        self.send_header("Location", unquote(address))
        self.end_headers()
        return None


@pytest.fixture
def foreign_port(tmp_path: Path) -> Iterator[int]:
    """The port of another server on loopback."""
    (tmp_path / "index.html").write_text("<title>foreign</title>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Foreign, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


def is_there(demo: Demo, page: Page) -> bool:
    """Whether the digest opens from the terminal, and the list of digests from its page."""
    page.goto(Deployed(demo.local, SAMPLE).links().to(f"digests/{DAY}.html"))
    digest = page.title()
    page.goto(Deployed(demo.local, SAMPLE).links().to("index.html"))
    page.locator(f"a[href='digests/{DAY}.html']").first.click()
    page.wait_for_load_state()
    return DAY in digest and digest == page.title()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", EVIL_HOST])
def test_a_foreign_page_reaches_nothing(demo: Demo, page: Page, foreign_port: int, host: str) -> None:
    """A page of another port, name or owner is refused whatever it tries, and the digest is there as before."""
    stack, sample, link = demo.local.url, demo.local.sample_url, demo.link
    before = demo.calls()
    page.goto(f"http://{host}:{foreign_port}/")
    answers: list[tuple[str, int]] = []
    page.on("response", lambda response: answers.append((response.url, response.status)))
    tried = page.evaluate(ATTACKS, [stack, sample, link, f"ws://127.0.0.1:{demo.local.port}/"])
    assert {"unread"} == {*tried["read"]}
    assert ("failed", ["failed", "failed"]) == (tried["socket"], tried["loaded"])
    assert 5 == len(tried["sent"])
    assert {stack + "/_ministack/reset", link, sample + "/v1/chat/completions"} <= {url for url, _ in answers}
    assert [] == [answer for answer in answers if answer[1] != 403 and "favicon" not in answer[0]]
    assert before == demo.calls()
    assert is_there(demo, page)


def test_a_link_on_a_foreign_page(demo: Demo, page: Page, foreign_port: int) -> None:
    """A foreign page cannot send the user to the stack by a link or a form, since that could be any request."""
    reset = f"{demo.local.url}/_ministack/reset"
    for element in (
        f"<a href='{demo.link}'>go</a>",
        f"<form method=post action='{reset}'><button>go",
    ):
        page.goto(f"http://localhost:{foreign_port}/")
        page.set_content(element)
        with page.expect_response(lambda response: response.url.startswith(demo.local.url)) as answer:
            page.get_by_text("go").click()
        assert (403, "Refused: another page") == (answer.value.status, answer.value.text()[:21])
    assert is_there(demo, page)


def test_an_address_that_redirects(demo: Demo, page: Page, foreign_port: int) -> None:
    """An address that the user opened may lead to a signed call of an API, which is refused; to a page it leads."""
    sns = demo.local.client("sns")
    call = sns.generate_presigned_url("create_topic", {"Name": "taken"}, HttpMethod="GET")
    link = demo.link
    for address, status in ((call, 403), (link, 200)):
        answer = page.goto(f"http://{EVIL_HOST}:{foreign_port}/away?{quote(address, safe='')}")
        assert answer is not None
        assert status == answer.status
    assert [] == [each for each in sns.list_topics()["Topics"] if each["TopicArn"].endswith(":taken")]


@pytest.mark.parametrize("which", ["url", "sample_url"])
def test_a_name_that_means_loopback(demo: Demo, page: Page, which: str) -> None:
    """A page whose name was made to mean loopback is of the stack's origin for the browser, and is refused."""
    own = getattr(demo.local, which).replace("127.0.0.1", EVIL_HOST)
    refused = page.goto(f"{own}/")
    assert refused is not None
    assert (403, True) == (refused.status, "Refused: this machine is called 127.0.0.1:" in refused.text())
    post = "url => fetch(url, {method: 'POST', body: '{}'}).then(answer => answer.status)"
    assert [403, 403] == [page.evaluate(post, own + path) for path in ("/_ministack/reset", "/v1/chat/completions")]
    assert is_there(demo, page)
