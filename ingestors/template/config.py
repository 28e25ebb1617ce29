"""What the ingestor is told. In a real provider the settings' class stands in runtime/settings/providers/, as a field of ProvidersSettings."""

from collections.abc import Collection, Iterable

from pydantic import Field

from runtime.settings.providers import SOURCE, StreamSettings

NAME = "template"
SECTION = "providers.template"  # of the settings
STAGE = "ingest.template"  # on dead letters and metrics
HEARTBEAT_TIMEOUT_S = 10.0  # the provider says something every second


class TemplateSettings(StreamSettings):
    """The section: every default is the provider's real address."""

    symbols: tuple[str, ...] = Field(("BTC-USD",), min_length=1, description="canonical names, as BTC-USD")
    websocket_url: str = Field("wss://stream.invalid", description="scheme, host and port of the stream")
    rest_url: str = Field("https://rest.invalid", description="scheme, host and port of the REST interface")
    source: str = Field("template", pattern=SOURCE, description="name of the source on every event")


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to the provider's names, for those that it lists: it writes BTC/USD."""
    names = {name.replace("/", "-").upper(): name for name in listed}
    return {symbol: names[symbol] for symbol in symbols if symbol in names}
