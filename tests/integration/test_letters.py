"""What failed for good is read without being taken away, and deleted where that is wanted."""

from __future__ import annotations

import json

import pytest

from paperboy_cli.stack.letters import MAX_LETTERS, read_letters
from tests.integration.conftest import Stages


def test_letters_stay_until_they_are_deleted(stages: Stages) -> None:
    """Read twice, the same letters are there; hidden to be deleted, all are found, each once."""
    ids = [f"2602.{number:05}" for number in range(23)]
    for paper_id in ids:
        body = json.dumps({"day": "2026-02-03", "paper_id": paper_id, "attempt": 1})
        stages.sqs.send_message(QueueUrl=stages.queue_url, MessageBody=body)
    first, second = (read_letters(stages.sqs, "queue", stages.queue_url) for _ in range(2))
    assert 0 < len(first) <= len(ids) < MAX_LETTERS
    assert {each.paper for each in first} & {each.paper for each in second}
    taken = read_letters(stages.sqs, "queue", stages.queue_url, hide_seconds=60)
    assert ids == sorted(str(each.paper) for each in taken)
    for each in taken:
        stages.sqs.delete_message(QueueUrl=stages.queue_url, ReceiptHandle=each.handle)
    assert [] == read_letters(stages.sqs, "queue", stages.queue_url)


@pytest.mark.parametrize(("queue", "function"), [("CatalogQueue", "catalog"), ("AnnounceQueue", "announce")])
def test_a_publication_is_told_by_the_queue_that_it_was_in(stages: Stages, queue: str, function: str) -> None:
    """Of the same publication, the one that catalog gave up and the one that announce gave up are told apart."""
    failures = stages.sqs.get_queue_attributes(QueueUrl=stages.queue_url, AttributeNames=["QueueArn"])["Attributes"]
    policy = json.dumps({"deadLetterTargetArn": failures["QueueArn"], "maxReceiveCount": 1})
    name = f"{stages.name}-{queue}-1"
    url = stages.sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    body = json.dumps({"detail": {"object": {"key": "pages/digests/2026-02-03.json"}}})
    stages.sqs.send_message(QueueUrl=url, MessageBody=body)
    while stages.sqs.receive_message(QueueUrl=url, VisibilityTimeout=0).get("Messages"):
        pass
    [letter] = read_letters(stages.sqs, "queue", stages.queue_url)
    assert (function, ("2026-02-03",)) == (letter.function, letter.days)
