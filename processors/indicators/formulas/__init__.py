"""Streaming states of the indicators, a file a family; what the catalogue says of them stands in processors/indicators/entries under the same name."""
