"""The one function that decides a symbol's partition. Every market.* topic has the same partition count, so a symbol keeps its order and its
worker through all stages. librdkafka's default is CRC-32 and Java's murmur2: left to defaults, two clients disagree."""

from functools import lru_cache

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995


def murmur2(data: bytes) -> int:
    """Kafka's murmur2 of `data` as an unsigned 32-bit number (org.apache.kafka.common.utils.Utils.murmur2)."""
    length = len(data)
    h = (0x9747B28C ^ length) & _MASK
    whole = length - length % 4
    for i in range(0, whole, 4):
        k = int.from_bytes(data[i : i + 4], "little") * _M & _MASK
        k = (k ^ k >> 24) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    if whole < length:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _MASK
    h = (h ^ h >> 13) * _M & _MASK
    return h ^ h >> 15


@lru_cache(maxsize=65_536)
def partition_of(symbol: str, partitions: int) -> int:
    """The partition, 0 to partitions - 1, of a canonical symbol such as BTC-USDT; equal to Java's default partitioner for that key."""
    return (murmur2(symbol.encode()) & 0x7FFFFFFF) % partitions
