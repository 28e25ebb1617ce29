"""Settings of who may use the gateway and how much of it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from runtime.forms import keys_url, networks, signing_secret
from runtime.sections import PemFile, Section

TierName = Literal["free", "premium", "enterprise"]


class TierSettings(Section):
    """What one user has, all connections to all gateway processes together. 0: no limit."""

    messages_per_s: float = Field(
        0, ge=0, le=1_000_000, description="messages a second to a user; more wait as for a slow client; 0: no limit"
    )
    symbols: int = Field(0, ge=0, le=100_000, description="symbols subscribed to at a time, no wildcards then; 0: no limit, wildcards too")
    connections: int = Field(0, ge=0, le=100_000, description="connections at a time; 0: no limit")


class AccessSettings(Section):
    """Tokens, tiers and limits of the gateway's clients."""

    anonymous: Literal["free", "premium", "enterprise", "none"] | None = Field(
        None,
        description="tier of clients without a token; none: they are refused; default: enterprise until a key is set, none from then on",
    )
    hs256_secret: Annotated[SecretStr | None, AfterValidator(signing_secret)] = Field(
        None, description="key of HS256 tokens, 32 characters at least"
    )
    rs256_key: PemFile | None = Field(None, description="PEM file with the public key of RS256 tokens")
    jwks_url: Annotated[str | None, AfterValidator(keys_url)] = Field(
        None, description="https address of the issuer's public keys (JWKS), for RS256 tokens that name their key"
    )
    audience: str = Field("tickerplant", min_length=1, description="a token must be meant for it (claim aud)")
    issuer: str | None = Field(None, description="a token must come from it (claim iss); none: not looked at")
    leeway_s: float = Field(5.0, ge=0, le=300, description="by how much the issuer's clock may differ from ours")
    authenticate_within_s: float = Field(
        10.0, gt=0, le=300, description="where no one is anonymous: a connection without a token is closed then"
    )
    free: TierSettings = TierSettings(messages_per_s=100, symbols=10, connections=5)
    premium: TierSettings = TierSettings(messages_per_s=1000, symbols=100, connections=50)
    enterprise: TierSettings = TierSettings()
    roles: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="by role, the most that its holder may subscribe to, as ticks:BTC-* or signals; operator is built in",
    )
    connections_per_address: int = Field(
        100, ge=0, le=100_000, description="from one address (IPv6: one /64); 0: no limit; loopback addresses are not counted"
    )
    variants_per_user: int = Field(
        64,
        ge=1,
        le=10_000,
        description="in how many ways a user may want one series, in all connections to a process together; anonymous clients of this machine are not counted",
    )
    trusted_proxies: Annotated[tuple[str, ...], AfterValidator(networks)] = Field(
        (), description="addresses or networks of proxies whose X-Forwarded-For is believed"
    )
    client_messages_per_s: float = Field(50.0, ge=1, le=100_000, description="read from one client; what it says faster waits unread")
