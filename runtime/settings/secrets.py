"""Settings of what is stored encrypted."""

from base64 import urlsafe_b64decode
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from runtime.sections import Section

_BYTES = 32


def fernet_keys(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Messages never hold a key."""
    for key in keys:
        try:
            content = urlsafe_b64decode(key.get_secret_value().encode("ascii"))
        except ValueError:
            content = b""
        if len(content) != _BYTES:
            raise ValueError("a key is 32 bytes in URL-safe base64; `tickerplant sources new-key` makes one")
    return keys


class SecretsSettings(Section):
    """Keys of the providers' credentials in PostgreSQL. Give them by the environment."""

    keys: Annotated[tuple[SecretStr, ...], AfterValidator(fernet_keys)] = Field(
        (),
        max_length=10,
        description="the first encrypts, each may decrypt; to rotate, put a new one first and run `tickerplant sources rotate`",
    )
