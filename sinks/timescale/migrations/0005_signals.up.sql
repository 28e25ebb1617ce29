-- The newest revision of every composite signal, hold included. "timestamp" is the bar's open time.
CREATE TABLE trading_signals (
    "timestamp" timestamptz NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    timeframe text COLLATE "C" NOT NULL,
    signal smallint NOT NULL,
    action text COLLATE "C" NOT NULL,
    score double precision NOT NULL,
    confidence double precision NOT NULL,
    decided_by text COLLATE "C" NOT NULL,
    resolution text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    components jsonb NOT NULL,
    close_price numeric NOT NULL,
    revision integer NOT NULL,
    bar_revision integer NOT NULL,
    bar_kind text COLLATE "C" NOT NULL,
    bar_quality double precision NOT NULL,
    ts_open_ns bigint NOT NULL,
    ts_close_ns bigint NOT NULL,
    known_at_ns bigint NOT NULL,
    valid_until_ns bigint NOT NULL,
    is_primary boolean NOT NULL,
    primary_epoch integer NOT NULL,
    CONSTRAINT trading_signals_key UNIQUE (symbol, source, timeframe, "timestamp"),
    CONSTRAINT trading_signals_values CHECK (signal BETWEEN -1 AND 1)
);
SELECT tickerplant_hypertable('trading_signals', '30 days');
