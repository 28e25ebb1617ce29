-- The functions as 0009 made them.
DO $do$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM (VALUES
        ('ohlcv_as_of', 'market_ohlcv', '', '', ''),
        ('signals_as_of', 'trading_signals', '', '', ''),
        ('indicators_as_of', 'technical_indicators', ', past.indicator_name, past.output', ', indicator_name, output',
            'AND now.indicator_name = past.indicator_name AND now.output = past.output')
    ) AS named (function, newest, past_key, key, same) LOOP
        EXECUTE format($f$
            CREATE OR REPLACE FUNCTION %1$I(symbol text, source text, timeframe text, from_ts timestamptz, to_ts timestamptz, known_at timestamptz)
            RETURNS SETOF %2$I LANGUAGE sql STABLE PARALLEL SAFE AS $$
                SELECT * FROM %2$I AS now
                WHERE now.symbol = $1 AND now.source = $2 AND now.timeframe = $3 AND now."timestamp" >= $4 AND now."timestamp" < $5
                    AND now.known_at_ns <= tickerplant_ns($6)
                UNION ALL
                SELECT * FROM (
                    SELECT DISTINCT ON (past."timestamp"%4$s) past.* FROM %3$I AS past
                    WHERE past.symbol = $1 AND past.source = $2 AND past.timeframe = $3 AND past."timestamp" >= $4 AND past."timestamp" < $5
                        AND past.known_at_ns <= tickerplant_ns($6)
                        AND NOT EXISTS (
                            SELECT FROM %2$I AS now
                            WHERE now.symbol = past.symbol AND now.source = past.source AND now.timeframe = past.timeframe
                                AND now."timestamp" = past."timestamp" AND now."timestamp" >= $4 AND now."timestamp" < $5 %5$s
                                AND now.known_at_ns <= tickerplant_ns($6)
                        )
                    ORDER BY past."timestamp"%4$s, past.revision DESC
                ) AS superseded
                ORDER BY "timestamp"%6$s
            $$
        $f$, one.function, one.newest, one.newest || '_history', one.past_key, one.same, one.key);
        EXECUTE format('DROP FUNCTION %I(text, text, text, timestamptz, timestamptz, timestamptz)', one.function || '_unsorted');
    END LOOP;
END
$do$;
