"""Credentials: closed, opened, rotated, bound to their provider, never in a message."""

import pytest
from pydantic import SecretStr

from runtime.errors import UserError
from runtime.settings import load_settings
from tickerplant.registry.vault import Vault, new_key

KEY, OTHER = SecretStr(new_key()), SecretStr(new_key())
CREDENTIAL = SecretStr("k3y-of-a-provider")


def test_what_is_closed_can_be_opened_and_not_read() -> None:
    token = Vault([KEY]).close("tiingo", CREDENTIAL)
    assert CREDENTIAL.get_secret_value() not in token
    assert Vault([KEY]).open("tiingo", token) == CREDENTIAL
    assert token != Vault([KEY]).close("tiingo", CREDENTIAL)


def test_a_key_is_rotated_by_putting_a_new_one_before_it() -> None:
    token = Vault([KEY]).close("tiingo", CREDENTIAL)
    rotated = Vault([OTHER, KEY]).rotate("tiingo", token)
    assert Vault([OTHER]).open("tiingo", rotated) == CREDENTIAL
    with pytest.raises(UserError, match=r"no key of secrets\.keys opens the stored credential of tiingo"):
        Vault([KEY]).open("tiingo", rotated)


def test_a_token_in_another_providers_row_opens_nothing() -> None:
    token = Vault([KEY]).close("tiingo", CREDENTIAL)
    with pytest.raises(UserError, match="is that of another provider") as caught:
        Vault([KEY]).open("fmp", token)
    assert CREDENTIAL.get_secret_value() not in str(caught.value)


def test_without_a_key_nothing_is_stored() -> None:
    with pytest.raises(UserError, match="TICKERPLANT_SECRETS__KEYS"):
        Vault([]).close("tiingo", CREDENTIAL)


@pytest.mark.parametrize("key", ["short", "ü" * 44, "A" * 44, ""])
def test_a_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(UserError, match="a key is 32 bytes in URL-safe base64") as caught:
        load_settings(secrets={"keys": [key]})
    assert not key or key not in str(caught.value)
