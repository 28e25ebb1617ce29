-- Which symbols there are at which source, from their first bar on. The sink keeps it with the bars.
CREATE TABLE market_symbols (
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    first_at timestamptz NOT NULL,
    known_at_ns bigint NOT NULL,
    PRIMARY KEY (symbol, source)
);
INSERT INTO market_symbols SELECT symbol, source, min("timestamp"), min(known_at_ns) FROM market_ohlcv GROUP BY symbol, source;

CREATE VIEW market_sources AS
    SELECT source, source LIKE '%-simulated' AS simulated, count(*) AS symbols, min(first_at) AS first_at, min(known_at_ns) AS known_at_ns
    FROM market_symbols GROUP BY source;

-- What became of them: rows are only ever added, so that what was known at a time can be told. `tickerplant symbols` writes it.
CREATE TABLE market_symbol_changes (
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    change text COLLATE "C" NOT NULL,
    effective_at timestamptz NOT NULL,
    renamed_to text COLLATE "C",
    known_at_ns bigint NOT NULL,
    PRIMARY KEY (symbol, source, effective_at, change),
    CONSTRAINT market_symbol_changes_values CHECK (
        isfinite(effective_at)
        AND ((change = 'renamed' AND renamed_to IS NOT NULL AND renamed_to <> symbol) OR (change IN ('delisted', 'listed') AND renamed_to IS NULL))
    )
);
CREATE INDEX market_symbol_changes_next ON market_symbol_changes (renamed_to, source);

-- The symbols that were traded at a source at `at`, as it was known at known_at: those that were delisted or renamed later included.
CREATE FUNCTION symbols_as_of(source text, at timestamptz, known_at timestamptz) RETURNS TABLE (symbol text) LANGUAGE sql STABLE AS $$
    SELECT one.symbol FROM (
        SELECT s.symbol FROM market_symbols AS s WHERE s.source = $1 AND s.first_at <= $2 AND s.known_at_ns <= tickerplant_ns($3)
        UNION
        SELECT c.renamed_to FROM market_symbol_changes AS c
        WHERE c.source = $1 AND c.change = 'renamed' AND c.effective_at <= $2 AND c.known_at_ns <= tickerplant_ns($3)
    ) AS one
    WHERE coalesce((
        SELECT c.change = 'listed' FROM market_symbol_changes AS c
        WHERE c.symbol = one.symbol AND c.source = $1 AND c.effective_at <= $2 AND c.known_at_ns <= tickerplant_ns($3)
        ORDER BY c.effective_at DESC, c.known_at_ns DESC LIMIT 1
    ), true)
    ORDER BY one.symbol
$$;

-- The names that what is called `symbol` now had before, each with the time it was its name: the newest first, [from_ts, to_ts).
CREATE FUNCTION symbol_names(symbol text, source text, known_at timestamptz)
RETURNS TABLE (name text, from_ts timestamptz, to_ts timestamptz) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE chain (name, to_ts) AS (
        SELECT $1 COLLATE "C", 'infinity'::timestamptz
        UNION ALL
        SELECT before.symbol, before.effective_at FROM chain
        CROSS JOIN LATERAL (
            SELECT c.symbol, c.effective_at FROM market_symbol_changes AS c
            WHERE c.renamed_to = chain.name AND c.source = $2 AND c.change = 'renamed' AND c.effective_at < chain.to_ts
                AND c.known_at_ns <= tickerplant_ns($3)
            ORDER BY c.effective_at DESC, c.known_at_ns DESC LIMIT 1
        ) AS before
    )
    SELECT chain.name, coalesce(lead(chain.to_ts) OVER (ORDER BY chain.to_ts DESC), '-infinity'), chain.to_ts FROM chain ORDER BY chain.to_ts DESC
$$;
