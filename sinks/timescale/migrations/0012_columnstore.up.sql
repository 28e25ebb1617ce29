-- On TimescaleDB old chunks can become columns: one symbol of one source lies together, in the order of time. When a chunk does is a policy,
-- which the sink sets from `storage.columnstore_after_days`. An edition without it, and a plain PostgreSQL, keep rows.
CREATE FUNCTION tickerplant_columnstore(table_name text, segment_by text, order_by text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AND current_setting('timescaledb.license', true) = 'timescale' THEN
        EXECUTE format(
            'ALTER TABLE %I SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
            table_name, segment_by, order_by
        );
    END IF;
END
$$;
SELECT tickerplant_columnstore('market_ticks', 'symbol, source', '"timestamp", seq');
SELECT tickerplant_columnstore('market_ohlcv', 'symbol, source, timeframe', '"timestamp"');
SELECT tickerplant_columnstore('market_ohlcv_history', 'symbol, source, timeframe', '"timestamp", revision');
SELECT tickerplant_columnstore('technical_indicators', 'symbol, source, timeframe, indicator_name, output', '"timestamp"');
SELECT tickerplant_columnstore('technical_indicators_history', 'symbol, source, timeframe, indicator_name, output', '"timestamp", revision');
SELECT tickerplant_columnstore('trading_signals', 'symbol, source, timeframe', '"timestamp"');
SELECT tickerplant_columnstore('trading_signals_history', 'symbol, source, timeframe', '"timestamp", revision');
SELECT tickerplant_columnstore('market_quality', 'symbol, source', '"timestamp"');
