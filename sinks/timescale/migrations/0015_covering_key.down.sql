DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        ALTER TABLE market_ohlcv
            DROP CONSTRAINT market_ohlcv_key,
            ADD CONSTRAINT market_ohlcv_key UNIQUE (symbol, source, timeframe, "timestamp");
    END IF;
END
$$;
