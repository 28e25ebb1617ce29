"""`tickerplant import`: files of ticks and bars through the same line as live data."""
