"""The fixtures' servers are real, and a stopped one comes back where it was."""

import psycopg
import redis
from confluent_kafka import Consumer, Producer

from runtime.topic_admin import check
from schemas.topics import Topic


def test_a_line_has_its_topics(line) -> None:
    assert check(line.settings.kafka, line.addresses.kafka) == []


def test_a_record_goes_through_kafka(line) -> None:
    name = line.settings.kafka.topic(Topic.GAPS)
    producer = Producer({"bootstrap.servers": line.addresses.kafka})
    producer.produce(name, b"value", partition=2)
    assert producer.flush(20) == 0
    consumer = Consumer({"bootstrap.servers": line.addresses.kafka, "group.id": line.name, "auto.offset.reset": "earliest"})
    consumer.subscribe([name])
    message = consumer.poll(30)
    consumer.close()
    assert message is not None
    assert (message.value(), message.partition()) == (b"value", 2)


def test_two_lines_have_their_own_databases(make_line) -> None:
    first, second = make_line(), make_line()
    with psycopg.connect(first.addresses.postgres) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with psycopg.connect(second.addresses.postgres) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    with redis.Redis.from_url(first.addresses.redis) as one, redis.Redis.from_url(second.addresses.redis) as other:
        one.set("only", "here")
        assert other.get("only") is None
