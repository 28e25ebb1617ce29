"""The registry of sources: what operators decided of each provider, in PostgreSQL, and told to the ingestors over market.sources."""
