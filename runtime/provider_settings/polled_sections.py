"""Sections of the polled providers, a field each."""

from runtime.provider_settings.yahoo import YahooSettings
from runtime.sections import Section


class PolledSections(Section):
    """A provider's field is its name with underscores."""

    yahoo: YahooSettings = YahooSettings()
