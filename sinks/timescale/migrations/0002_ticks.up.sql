-- Validated ticks, one row each. "timestamp" is ts_event_ns cut to microseconds; numeric is never rounded.
-- The key has the time first: such an index fills twice as fast as one with the symbol first.
CREATE TABLE market_ticks (
    "timestamp" timestamptz NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    price numeric,
    volume numeric,
    side text COLLATE "C",
    trade_id text COLLATE "C",
    bid numeric,
    bid_size numeric,
    ask numeric,
    ask_size numeric,
    update_id bigint,
    seq bigint NOT NULL,
    quality_score double precision NOT NULL,
    reasons text[] NOT NULL,
    ts_event_ns bigint NOT NULL,
    ts_ingest_ns bigint NOT NULL,
    event_time_is_receive boolean NOT NULL,
    filled boolean NOT NULL,
    is_primary boolean NOT NULL,
    primary_epoch integer NOT NULL,
    CONSTRAINT market_ticks_key UNIQUE ("timestamp", symbol, source, seq),
    CONSTRAINT market_ticks_values CHECK (
        (kind = 'trade' AND price > 0 AND price < 'Infinity' AND volume > 0 AND volume < 'Infinity' AND trade_id IS NOT NULL)
        OR (kind = 'quote' AND bid IS NOT NULL AND bid_size IS NOT NULL AND ask IS NOT NULL AND ask_size IS NOT NULL AND update_id IS NOT NULL)
    )
);
SELECT tickerplant_hypertable('market_ticks', '1 day');
