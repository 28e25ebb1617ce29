-- How far each symbol's backfills came. `tickerplant backfill` writes it, for people and for whoever schedules it.
CREATE TABLE market_backfills (
    source text COLLATE "C" NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    timeframe text COLLATE "C" NOT NULL,
    from_at timestamptz NOT NULL,
    to_at timestamptz NOT NULL,
    provider text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('in_progress', 'completed', 'failed')),
    reached_at timestamptz NOT NULL,
    rows bigint NOT NULL,
    error text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, symbol, timeframe, from_at, to_at)
);
CREATE INDEX market_backfills_newest ON market_backfills (updated_at);
