"""The newest list of symbols that was asked for of a source, and its state, from topic market.sources."""

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from runtime.errors import TransientError
from runtime.kafka import consumer
from runtime.settings import KafkaSettings
from schemas.codec import DecodeError, decode_source
from schemas.partitioner import partition_of
from schemas.sources import SourceState, SourceSymbols
from schemas.topics import Topic

_TIMEOUT_S = 10.0
_MORE_S = 0.05  # whether there is more, once the end was seen


class AskedSymbols:
    """Reads on from where it was. Blocks; one call at a time, from any thread. state: the source's, as of the last call; None: nobody changed it."""

    def __init__(self, kafka: KafkaSettings, bootstrap: str, source: str) -> None:
        self._kafka = kafka
        self._bootstrap = bootstrap
        self._source = source
        self._consumer: Consumer | None = None
        self._newest: tuple[str, ...] | None = None
        self.state: SourceState | None = None
        self._read = False  # to the end, once

    def newest(self) -> tuple[str, ...] | None:
        """None, or empty: nothing is asked for, the settings hold. Raises TransientError if the broker does not answer within 10 s."""
        try:
            client = self._consumer = self._consumer or self._open()
            while True:
                message = client.poll(_MORE_S if self._read else _TIMEOUT_S)
                if message is None:
                    if self._read:
                        return self._newest
                    raise TransientError(f"{self._kafka.topic(Topic.SOURCES)} cannot be read: no answer for {_TIMEOUT_S:g} s")
                error = message.error()
                if error is not None:
                    if error.code() == KafkaError._PARTITION_EOF:
                        self._read = True
                        return self._newest
                    raise KafkaException(error)
                self._take(message.value() or b"")
        except KafkaException as error:
            self.close()
            raise TransientError(f"{self._kafka.topic(Topic.SOURCES)} cannot be read: {error}") from error
        except TransientError:
            self.close()
            raise

    def _open(self) -> Consumer:
        client = consumer(
            self._kafka, self._bootstrap, f"{self._kafka.group_prefix}.sources", enable_partition_eof=True, fetch_wait_max_ms=10
        )
        client.assign([TopicPartition(self._kafka.topic(Topic.SOURCES), partition_of(self._source, self._kafka.partitions), 0)])
        self._newest, self._read = None, False
        return client

    def _take(self, value: bytes) -> None:
        try:
            asked = decode_source(value)
        except DecodeError:
            return  # a newer version's; its command says so
        if isinstance(asked, SourceSymbols) and asked.source == self._source:
            self._newest = tuple(asked.symbols)
        elif isinstance(asked, SourceState) and asked.source == self._source:
            self.state = asked

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
