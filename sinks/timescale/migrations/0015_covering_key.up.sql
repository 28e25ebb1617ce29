-- On a plain PostgreSQL the key of bars also carries what backtests read most, so that a long range of one series comes from neighbouring pages of the
-- index, not from one page of the table a bar: a year of minutes twice as fast, for 125 bytes a bar. On TimescaleDB old chunks are columns anyway.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        ALTER TABLE market_ohlcv
            DROP CONSTRAINT market_ohlcv_key,
            ADD CONSTRAINT market_ohlcv_key UNIQUE (symbol, source, timeframe, "timestamp")
                INCLUDE (open_price, high_price, low_price, close_price, volume, ts_open_ns, known_at_ns);
    END IF;
END
$$;
