-- What rows of bars, indicators and signals said before they were corrected. Rows are only ever added: the sink adds the version that a newer one
-- takes the place of, in the transaction that replaces it. A row that was never corrected is in its own table alone, so that history costs nothing there.
CREATE TABLE market_ohlcv_history (
    LIKE market_ohlcv,
    CONSTRAINT market_ohlcv_history_key UNIQUE (symbol, source, timeframe, "timestamp", revision)
);
SELECT tickerplant_hypertable('market_ohlcv_history', '90 days');
CREATE TABLE technical_indicators_history (
    LIKE technical_indicators,
    CONSTRAINT technical_indicators_history_key UNIQUE (symbol, source, timeframe, indicator_name, output, "timestamp", revision)
);
SELECT tickerplant_hypertable('technical_indicators_history', '90 days');
CREATE TABLE trading_signals_history (
    LIKE trading_signals,
    CONSTRAINT trading_signals_history_key UNIQUE (symbol, source, timeframe, "timestamp", revision)
);
SELECT tickerplant_hypertable('trading_signals_history', '90 days');

-- Nanoseconds since 1970 of a point in time, cut to what bigint holds; infinity is the last of them.
CREATE FUNCTION tickerplant_ns(moment timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (least(greatest(extract(epoch FROM moment), -9223372036), 9223372036) * 1000000000)::bigint
$$;

-- Bars as they were known at known_at, opening in [from_ts, to_ts): of each the newest version with known_at_ns up to then, none if none was.
-- The newest of all serves where it was known by then; only for the others history is asked.
CREATE FUNCTION ohlcv_as_of(symbol text, source text, timeframe text, from_ts timestamptz, to_ts timestamptz, known_at timestamptz)
RETURNS SETOF market_ohlcv LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM market_ohlcv AS now
    WHERE now.symbol = $1 AND now.source = $2 AND now.timeframe = $3 AND now."timestamp" >= $4 AND now."timestamp" < $5
        AND now.known_at_ns <= tickerplant_ns($6)
    UNION ALL
    SELECT * FROM (
        SELECT DISTINCT ON (past."timestamp") past.* FROM market_ohlcv_history AS past
        WHERE past.symbol = $1 AND past.source = $2 AND past.timeframe = $3 AND past."timestamp" >= $4 AND past."timestamp" < $5
            AND past.known_at_ns <= tickerplant_ns($6)
            AND NOT EXISTS (
                SELECT FROM market_ohlcv AS now
                WHERE now.symbol = past.symbol AND now.source = past.source AND now.timeframe = past.timeframe
                    AND now."timestamp" = past."timestamp" AND now."timestamp" >= $4 AND now."timestamp" < $5
                    AND now.known_at_ns <= tickerplant_ns($6)
            )
        ORDER BY past."timestamp", past.revision DESC
    ) AS superseded
    ORDER BY "timestamp"
$$;

-- The same of signals.
CREATE FUNCTION signals_as_of(symbol text, source text, timeframe text, from_ts timestamptz, to_ts timestamptz, known_at timestamptz)
RETURNS SETOF trading_signals LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM trading_signals AS now
    WHERE now.symbol = $1 AND now.source = $2 AND now.timeframe = $3 AND now."timestamp" >= $4 AND now."timestamp" < $5
        AND now.known_at_ns <= tickerplant_ns($6)
    UNION ALL
    SELECT * FROM (
        SELECT DISTINCT ON (past."timestamp") past.* FROM trading_signals_history AS past
        WHERE past.symbol = $1 AND past.source = $2 AND past.timeframe = $3 AND past."timestamp" >= $4 AND past."timestamp" < $5
            AND past.known_at_ns <= tickerplant_ns($6)
            AND NOT EXISTS (
                SELECT FROM trading_signals AS now
                WHERE now.symbol = past.symbol AND now.source = past.source AND now.timeframe = past.timeframe
                    AND now."timestamp" = past."timestamp" AND now."timestamp" >= $4 AND now."timestamp" < $5
                    AND now.known_at_ns <= tickerplant_ns($6)
            )
        ORDER BY past."timestamp", past.revision DESC
    ) AS superseded
    ORDER BY "timestamp"
$$;

-- The same of indicators, every output of every indicator.
CREATE FUNCTION indicators_as_of(symbol text, source text, timeframe text, from_ts timestamptz, to_ts timestamptz, known_at timestamptz)
RETURNS SETOF technical_indicators LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT * FROM technical_indicators AS now
    WHERE now.symbol = $1 AND now.source = $2 AND now.timeframe = $3 AND now."timestamp" >= $4 AND now."timestamp" < $5
        AND now.known_at_ns <= tickerplant_ns($6)
    UNION ALL
    SELECT * FROM (
        SELECT DISTINCT ON (past."timestamp", past.indicator_name, past.output) past.* FROM technical_indicators_history AS past
        WHERE past.symbol = $1 AND past.source = $2 AND past.timeframe = $3 AND past."timestamp" >= $4 AND past."timestamp" < $5
            AND past.known_at_ns <= tickerplant_ns($6)
            AND NOT EXISTS (
                SELECT FROM technical_indicators AS now
                WHERE now.symbol = past.symbol AND now.source = past.source AND now.timeframe = past.timeframe
                    AND now.indicator_name = past.indicator_name AND now.output = past.output
                    AND now."timestamp" = past."timestamp" AND now."timestamp" >= $4 AND now."timestamp" < $5
                    AND now.known_at_ns <= tickerplant_ns($6)
            )
        ORDER BY past."timestamp", past.indicator_name, past.output, past.revision DESC
    ) AS superseded
    ORDER BY "timestamp", indicator_name, output
$$;
