"""`tickerplant backfill`: trades and bars of the past from a provider, through the same line as live data."""
