"""Stage 2: market.ticks to market.bars. Folds trades into bars of every timeframe, closes them by the log's own time, corrects them for late trades."""
