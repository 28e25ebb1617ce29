"""The Redis sink: the latest quote, bars, indicators and signals of every symbol, guarded so that nothing old replaces anything newer."""
