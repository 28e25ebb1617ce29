"""Credentials of providers: encrypted before they reach the database, and never shown again."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from runtime.errors import UserError

_NO_KEYS = "there is no key to encrypt credentials with: set TICKERPLANT_SECRETS__KEYS to a JSON list with one (`tickerplant sources new-key` makes it)"


class Vault:
    """keys: of `secrets.keys`; the first encrypts, each may decrypt. A token is bound to its provider: it opens nothing in another one's row."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys]) if keys else None

    def close(self, provider: str, credential: SecretStr) -> str:
        """The token to store. Raises UserError without a key."""
        return self._opened().encrypt(_bound(provider, credential.get_secret_value())).decode()

    def open(self, provider: str, token: str) -> SecretStr:
        """The credential. Raises UserError if no key opens the token, or it is another provider's."""
        try:
            content = self._opened().decrypt(token.encode()).decode()
        except InvalidToken:
            raise UserError(
                f"no key of secrets.keys opens the stored credential of {provider}; add the one that it was stored with"
            ) from None
        owner, _, credential = content.partition("\n")
        if owner != provider:
            raise UserError(f"the stored credential of {provider} is that of another provider; store it again")
        return SecretStr(credential)

    def rotate(self, provider: str, token: str) -> str:
        """The same, encrypted with the first key. Raises UserError."""
        return self.close(provider, self.open(provider, token))

    def _opened(self) -> MultiFernet:
        if self._fernet is None:
            raise UserError(_NO_KEYS)
        return self._fernet


def _bound(provider: str, credential: str) -> bytes:
    return f"{provider}\n{credential}".encode()


def new_key() -> str:
    """For `secrets.keys`."""
    return Fernet.generate_key().decode()
