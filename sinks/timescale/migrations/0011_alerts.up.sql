-- Every event of an alert: raised, cleared, withdrawn; a repeat has the same alert_id. Few rows: no hypertable. "timestamp" is the cause's time.
CREATE TABLE market_alerts (
    alert_id text COLLATE "C" PRIMARY KEY,
    episode_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    rule_id text COLLATE "C" NOT NULL,
    rule_version text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    severity text COLLATE "C" NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    timeframe text COLLATE "C" NOT NULL,
    subject text NOT NULL,
    measured numeric,
    threshold numeric,
    message text NOT NULL,
    "timestamp" timestamptz NOT NULL,
    ts_event_ns bigint NOT NULL,
    known_at_ns bigint NOT NULL,
    revision integer NOT NULL,
    withdraws text COLLATE "C" NOT NULL
);
CREATE INDEX market_alerts_series ON market_alerts (symbol, source, "timestamp");
CREATE INDEX market_alerts_episode ON market_alerts (episode_id);
