-- What validate saw of a source and symbol, a row a window of a few seconds. "timestamp" is the window's start; the first record of a window stays.
CREATE TABLE market_quality (
    "timestamp" timestamptz NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    total bigint NOT NULL,
    valid bigint NOT NULL,
    invalid bigint NOT NULL,
    duplicate bigint NOT NULL,
    out_of_order bigint NOT NULL,
    gaps bigint NOT NULL,
    latency_average_ns bigint NOT NULL,
    latency_p99_ns bigint NOT NULL,
    quality_score double precision NOT NULL,
    reasons jsonb NOT NULL,
    ts_from_ns bigint NOT NULL,
    ts_to_ns bigint NOT NULL,
    is_primary boolean NOT NULL,
    primary_epoch integer NOT NULL,
    CONSTRAINT market_quality_key UNIQUE (symbol, source, "timestamp"),
    CONSTRAINT market_quality_values CHECK (total = valid + invalid + duplicate AND valid >= 0 AND invalid >= 0 AND duplicate >= 0)
);
SELECT tickerplant_hypertable('market_quality', '30 days');
