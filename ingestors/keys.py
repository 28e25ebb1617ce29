"""Keys that providers want."""

from pydantic import SecretStr

from runtime.errors import UserError


def required_key(key: SecretStr | None, provider: str, setting: str) -> str:
    """The key. Raises UserError that names the setting, where there is none."""
    text = key.get_secret_value().strip() if key else ""
    if not text:
        variable = f"TICKERPLANT_{setting.upper().replace('.', '__')}"
        raise UserError(f"{provider} needs a key: set {setting} in the settings, or {variable} in the environment")
    return text
