-- Bars of markets that are quoted only: prices are mid prices, both sides stand beside them. NULL where bars are built from trades.
ALTER TABLE market_ohlcv
    ADD COLUMN price_basis text COLLATE "C" NOT NULL DEFAULT 'trade',
    ADD COLUMN quote_count bigint NOT NULL DEFAULT 0,
    ADD COLUMN bid_open numeric,
    ADD COLUMN bid_high numeric,
    ADD COLUMN bid_low numeric,
    ADD COLUMN bid_close numeric,
    ADD COLUMN ask_open numeric,
    ADD COLUMN ask_high numeric,
    ADD COLUMN ask_low numeric,
    ADD COLUMN ask_close numeric;
