"""The stores' addresses, and the local stack that takes their place."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from runtime.forms import postgres_url, redis_url
from runtime.sections import PemFile, Section


class PostgresSettings(Section):
    """PostgreSQL or TimescaleDB. TLS goes into the URL: ?sslmode=verify-full&sslrootcert=..."""

    url: Annotated[SecretStr, AfterValidator(postgres_url)] | None = Field(None, description="postgresql://user:password@host:port/name")
    connect_timeout_s: float = Field(5.0, gt=0, le=120, description="an attempt to connect is given up after this, and made again")


class RedisSettings(Section):
    """Redis. rediss:// for TLS."""

    url: Annotated[SecretStr, AfterValidator(redis_url)] | None = Field(None, description="redis://:password@host:port/0")
    ssl_ca_location: PemFile | None = Field(None, description="PEM file of the authority that signed the server's certificate")


class StackSettings(Section):
    """The local stack, `tickerplant up`. A port of 0 is a free one."""

    kafka_port: int = Field(0, ge=0, le=65535, description="port of the local broker; 0: a free one")
    postgres_port: int = Field(0, ge=0, le=65535, description="port of the local PostgreSQL; 0: a free one")
    redis_port: int = Field(0, ge=0, le=65535, description="port of the local Redis; 0: a free one")
    kafka_heap_mb: int = Field(512, ge=256, le=32768, description="memory of the local broker's Java heap")
    kafka_quick_compiler: bool = Field(
        False, description="a local broker that is ready sooner and slower after its first minutes: for tests"
    )
    start_timeout_s: float = Field(90.0, gt=0, le=3600, description="a part that is not ready after this ends the start")
    stop_timeout_s: float = Field(20.0, gt=0, le=600, description="a part that has not ended after this is killed")
    minimum_free_mb: int = Field(500, ge=0, description="less free space than this on the data folder's disk refuses to start")
    java: Path | None = Field(None, description="a java >= 17 to use instead of the installed package's")
    postgres_bin: Path | None = Field(None, description="folder with a PostgreSQL's initdb and postgres to use instead of the package's")
    redis_server: Path | None = Field(None, description="a redis-server to use instead of the package's")
    maven_url: str = Field("", description="Maven repository that Kafka's jars come from; empty: Maven Central")
