-- The newest revision of every bar. "timestamp" is the open time.
CREATE TABLE market_ohlcv (
    "timestamp" timestamptz NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    timeframe text COLLATE "C" NOT NULL,
    open_price numeric NOT NULL,
    high_price numeric NOT NULL,
    low_price numeric NOT NULL,
    close_price numeric NOT NULL,
    volume numeric NOT NULL,
    quote_volume numeric NOT NULL,
    vwap numeric NOT NULL,
    trade_count bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    revision integer NOT NULL,
    quality_score double precision NOT NULL,
    reasons text[] NOT NULL,
    ts_open_ns bigint NOT NULL,
    ts_close_ns bigint NOT NULL,
    known_at_ns bigint NOT NULL,
    is_primary boolean NOT NULL,
    primary_epoch integer NOT NULL,
    CONSTRAINT market_ohlcv_key UNIQUE (symbol, source, timeframe, "timestamp"),
    CONSTRAINT market_ohlcv_values CHECK (
        low_price <= least(open_price, close_price) AND high_price >= greatest(open_price, close_price) AND volume >= 0 AND trade_count >= 0
    )
);
SELECT tickerplant_hypertable('market_ohlcv', '30 days');
