-- The furthest state of every break of continuity. Few rows: no hypertable.
CREATE TABLE market_gaps (
    gap_id text COLLATE "C" PRIMARY KEY,
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    from_id bigint NOT NULL,
    to_id bigint NOT NULL,
    from_ns bigint NOT NULL,
    to_ns bigint NOT NULL,
    size bigint NOT NULL,
    filled bigint NOT NULL,
    known_at_ns bigint NOT NULL
);
CREATE INDEX market_gaps_series ON market_gaps (symbol, source, from_ns);
