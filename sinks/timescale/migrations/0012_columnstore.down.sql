-- Columns become rows again first; nothing is lost, and the tables are as the step before left them.
DO $$
DECLARE
    name text;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') AND current_setting('timescaledb.license', true) = 'timescale' THEN
        FOREACH name IN ARRAY ARRAY[
            'market_ticks', 'market_ohlcv', 'market_ohlcv_history', 'technical_indicators', 'technical_indicators_history',
            'trading_signals', 'trading_signals_history', 'market_quality'
        ] LOOP
            EXECUTE format('SELECT remove_compression_policy(%L, if_exists => true)', name);
            EXECUTE format('SELECT remove_retention_policy(%L, if_exists => true)', name);
            EXECUTE format('SELECT decompress_chunk(chunk, if_compressed => true) FROM show_chunks(%L) AS chunk', name);
            EXECUTE format('ALTER TABLE %I SET (timescaledb.compress = false)', name);
        END LOOP;
    END IF;
END
$$;
DROP FUNCTION tickerplant_columnstore(text, text, text);
