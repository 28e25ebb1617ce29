ALTER TABLE market_ohlcv
    DROP COLUMN price_basis, DROP COLUMN quote_count,
    DROP COLUMN bid_open, DROP COLUMN bid_high, DROP COLUMN bid_low, DROP COLUMN bid_close,
    DROP COLUMN ask_open, DROP COLUMN ask_high, DROP COLUMN ask_low, DROP COLUMN ask_close;
