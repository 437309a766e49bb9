import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sandbox.started import ALDER, REGION, Inbox, Sandbox, World, refusal


@pytest.fixture
def inbox(world: World) -> Inbox:
    return world.queue()


def receive(inbox: Inbox, **parameters: Any) -> list[dict[str, Any]]:
    return inbox.sqs.receive_message(QueueUrl=inbox.url, **parameters).get("Messages", [])


def depth(inbox: Inbox) -> tuple[str, str, str]:
    names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]
    attributes = inbox.sqs.get_queue_attributes(QueueUrl=inbox.url, AttributeNames=["All"])["Attributes"]
    return attributes[names[0]], attributes[names[1]], attributes[names[2]]


def test_messages_come_oldest_first_and_go_when_deleted(inbox: Inbox) -> None:
    for body in "abc":
        inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody=body)
    assert inbox.bodies() == ["a", "b", "c"]
    assert depth(inbox) == ("0", "0", "0")


def test_a_received_message_is_hidden_until_its_time_is_over(inbox: Inbox) -> None:
    inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="again")
    (first,) = receive(inbox, VisibilityTimeout=900, AttributeNames=["All"])
    assert depth(inbox) == ("0", "1", "0")
    assert receive(inbox) == []
    again = {"QueueUrl": inbox.url, "ReceiptHandle": first["ReceiptHandle"], "VisibilityTimeout": 1}
    started = time.monotonic()
    inbox.sqs.change_message_visibility(**again)
    (second,) = receive(inbox, WaitTimeSeconds=9, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert (first["MessageId"], first["Attributes"]["ApproximateReceiveCount"]) == (second["MessageId"], "1")
    assert second["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert time.monotonic() - started >= 1


def test_an_outdated_receipt_handle_deletes_nothing(inbox: Inbox) -> None:
    inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="again")
    (first,) = receive(inbox, VisibilityTimeout=0)
    (second,) = receive(inbox)
    inbox.sqs.delete_message(QueueUrl=inbox.url, ReceiptHandle=first["ReceiptHandle"])
    assert depth(inbox) == ("0", "1", "0")
    inbox.sqs.delete_message(QueueUrl=inbox.url, ReceiptHandle=second["ReceiptHandle"])
    assert depth(inbox) == ("0", "0", "0")


def test_a_message_can_be_made_visible_at_once(inbox: Inbox) -> None:
    inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="again")
    (message,) = receive(inbox)
    change = inbox.sqs.change_message_visibility
    change(QueueUrl=inbox.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    handle = message["ReceiptHandle"]
    code = refusal(change, QueueUrl=inbox.url, ReceiptHandle=handle, VisibilityTimeout=5)
    assert code == "AWS.SimpleQueueService.MessageNotInflight"
    (message,) = receive(inbox)
    entry = {"Id": "a", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
    inbox.sqs.change_message_visibility_batch(QueueUrl=inbox.url, Entries=[entry])
    assert depth(inbox) == ("1", "0", "0")


def test_a_delayed_message_waits(inbox: Inbox) -> None:
    inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="much later", DelaySeconds=900)
    assert (receive(inbox), depth(inbox)) == ([], ("0", "0", "1"))
    inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="later", DelaySeconds=1)
    (message,) = receive(inbox, WaitTimeSeconds=9, AttributeNames=["All"])
    assert message["Body"] == "later"
    moments = [int(message["Attributes"][name]) for name in ("SentTimestamp", "ApproximateFirstReceiveTimestamp")]
    assert moments[1] - moments[0] >= 999  # each is rounded to milliseconds


@pytest.mark.parametrize("delay", [-1, 901])
def test_a_delay_has_bounds(inbox: Inbox, delay: int) -> None:
    send = inbox.sqs.send_message
    assert refusal(send, QueueUrl=inbox.url, MessageBody="x", DelaySeconds=delay) == "InvalidParameterValue"


def test_long_polling_wakes_when_an_event_is_delivered(world: World) -> None:
    inbox = world.connected()
    with ThreadPoolExecutor() as pool:
        started = time.monotonic()
        waiting = pool.submit(receive, inbox, WaitTimeSeconds=9)
        time.sleep(0.3)
        world.put('{"n": 1}')
        assert len(waiting.result()) == 1
    assert time.monotonic() - started < 5


def test_message_attributes_travel_along(inbox: Inbox) -> None:
    attributes = {
        "trace.id": {"DataType": "String", "StringValue": "ä"},
        "trace.raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        "n": {"DataType": "Number", "StringValue": "7"},
    }
    sent = inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="x", MessageAttributes=attributes)
    (message,) = receive(inbox, MessageAttributeNames=["All"], VisibilityTimeout=0)
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    (message,) = receive(inbox, MessageAttributeNames=["trace.*"], VisibilityTimeout=0)
    assert set(message["MessageAttributes"]) == {"trace.id", "trace.raw"}
    (message,) = receive(inbox)
    assert "MessageAttributes" not in message


def test_the_digest_of_attributes_is_the_one_that_sdks_compute(inbox: Inbox) -> None:
    attributes = {"test": {"DataType": "String", "StringValue": "value"}}
    sent = inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="x", MessageAttributes=attributes)
    parts = [b"\0\0\0\4test", b"\0\0\0\6String", b"\1", b"\0\0\0\5value"]
    assert sent["MD5OfMessageAttributes"] == md5(b"".join(parts), usedforsecurity=False).hexdigest()


def test_a_batch_fails_entry_by_entry(inbox: Inbox) -> None:
    entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "\x01"}]
    answer = inbox.sqs.send_message_batch(QueueUrl=inbox.url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    assert [(entry["Id"], entry["Code"]) for entry in answer["Failed"]] == [("bad", "InvalidMessageContents")]


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], "EmptyBatchRequest"),
        ([str(number) for number in range(11)], "TooManyEntriesInBatchRequest"),
        (["a", "a"], "BatchEntryIdsNotDistinct"),
        (["a b"], "InvalidBatchEntryId"),
    ],
)
def test_a_malformed_batch_fails_as_a_whole(inbox: Inbox, ids: list[str], code: str) -> None:
    entries = [{"Id": batch_id, "MessageBody": "x"} for batch_id in ids]
    refused = refusal(inbox.sqs.send_message_batch, QueueUrl=inbox.url, Entries=entries)
    assert refused == f"AWS.SimpleQueueService.{code}"
    assert depth(inbox) == ("0", "0", "0")


def test_a_queue_is_made_once_and_found_by_name(world: World, inbox: Inbox) -> None:
    assert inbox.sqs.create_queue(QueueName="inbox")["QueueUrl"] == inbox.url
    assert inbox.sqs.get_queue_url(QueueName="inbox")["QueueUrl"] == inbox.url
    assert inbox.sqs.list_queues(QueueNamePrefix="in")["QueueUrls"] == [inbox.url]
    assert inbox.arn == f"arn:aws:sqs:{REGION}:{ALDER}:inbox"
    other = {"QueueName": "inbox", "Attributes": {"DelaySeconds": "9"}}
    assert refusal(inbox.sqs.create_queue, **other) == "QueueAlreadyExists"


def test_attributes_can_be_set_and_have_bounds(inbox: Inbox) -> None:
    set_attributes = inbox.sqs.set_queue_attributes
    set_attributes(QueueUrl=inbox.url, Attributes={"VisibilityTimeout": "0", "Policy": "{}"})
    answer = inbox.sqs.get_queue_attributes(QueueUrl=inbox.url, AttributeNames=["VisibilityTimeout", "Policy"])
    assert answer["Attributes"] == {"VisibilityTimeout": "0", "Policy": "{}"}
    bad = {"QueueUrl": inbox.url, "Attributes": {"VisibilityTimeout": "43201"}}
    assert refusal(set_attributes, **bad) == "InvalidAttributeValue"
    unknown = {"QueueUrl": inbox.url, "Attributes": {"RedrivePolicy": "{}"}}
    assert refusal(set_attributes, **unknown) == "InvalidAttributeName"


def test_tags_are_kept(inbox: Inbox) -> None:
    inbox.sqs.tag_queue(QueueUrl=inbox.url, Tags={"a": "1", "b": "2"})
    inbox.sqs.untag_queue(QueueUrl=inbox.url, TagKeys=["a"])
    assert inbox.sqs.list_queue_tags(QueueUrl=inbox.url)["Tags"] == {"b": "2"}


def test_purging_and_deleting_forget_the_messages(inbox: Inbox) -> None:
    inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="x")
    inbox.sqs.purge_queue(QueueUrl=inbox.url)
    assert depth(inbox) == ("0", "0", "0")
    inbox.sqs.send_message(QueueUrl=inbox.url, MessageBody="x")
    inbox.sqs.delete_queue(QueueUrl=inbox.url)
    missing = "AWS.SimpleQueueService.NonExistentQueue"
    assert refusal(inbox.sqs.receive_message, QueueUrl=inbox.url) == missing
    assert Inbox(inbox.sqs, "inbox").bodies() == []


@pytest.mark.parametrize("name", ["", "a" * 81, "a.b", "orders.fifo"])
def test_queue_names_are_checked(inbox: Inbox, name: str) -> None:
    assert refusal(inbox.sqs.create_queue, QueueName=name) == "InvalidParameterValue"


def test_foreign_receipt_handles_and_wrong_numbers_are_refused(inbox: Inbox) -> None:
    delete, get = inbox.sqs.delete_message, inbox.sqs.receive_message
    for handle in ("x", "0-x", "9" * 5000, "\u0663-x"):
        assert refusal(delete, QueueUrl=inbox.url, ReceiptHandle=handle) == "ReceiptHandleIsInvalid"
    assert refusal(get, QueueUrl=inbox.url, MaxNumberOfMessages=11) == "InvalidParameterValue"
    assert refusal(get, QueueUrl=inbox.url, VisibilityTimeout=43201) == "InvalidParameterValue"


def test_two_receivers_never_get_the_same_message(inbox: Inbox) -> None:
    for start in range(0, 100, 10):
        entries = [{"Id": str(number), "MessageBody": str(start + number)} for number in range(10)]
        inbox.sqs.send_message_batch(QueueUrl=inbox.url, Entries=entries)
    with ThreadPoolExecutor(4) as pool:
        batches = list(pool.map(lambda _: receive(inbox, MaxNumberOfMessages=10), range(14)))
    bodies = [message["Body"] for batch in batches for message in batch]
    assert sorted(bodies, key=int) == [str(number) for number in range(100)]


def test_older_sdks_speak_the_query_protocol_to_the_same_queues(sandbox: Sandbox, inbox: Inbox) -> None:
    def query(**parameters: str) -> str:
        scope = f"Credential={ALDER}/20261123/{REGION}/sqs/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=x"}
        body = urlencode({"Version": "2012-11-05", **parameters}).encode()
        status, answer = sandbox.http("POST", "/", body, headers)
        assert status == 200
        return answer

    sent = query(Action="SendMessage", QueueUrl=inbox.url, MessageBody='<"&é">')
    assert "<SendMessageResult><" in sent
    assert "<MessageId>" in sent
    received = query(Action="ReceiveMessage", QueueUrl=inbox.url, MaxNumberOfMessages="10", VisibilityTimeout="0")
    assert "<Body>&lt;&quot;&amp;é&quot;&gt;</Body>" in received
    assert inbox.bodies() == ['<"&é">']
    created = query(
        **{"Action": "CreateQueue", "QueueName": "q", "Attribute.1.Name": "DelaySeconds"}, **{"Attribute.1.Value": "3"}
    )
    assert f"<QueueUrl>{sandbox.url}/{ALDER}/q</QueueUrl>" in created
    attributes = query(
        **{"Action": "GetQueueAttributes", "QueueUrl": f"{sandbox.url}/{ALDER}/q", "AttributeName.1": "All"}
    )
    assert "<Attribute><Name>DelaySeconds</Name><Value>3</Value></Attribute>" in attributes
