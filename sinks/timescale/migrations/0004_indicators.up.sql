-- One row an indicator's output a bar, as rsi_14 value, or macd_12_26_9 macd, signal, histogram, previous_histogram.
-- value is the stage's own float64, bit for bit: DECIMAL(20,8) would round it.
CREATE TABLE technical_indicators (
    "timestamp" timestamptz NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    timeframe text COLLATE "C" NOT NULL,
    indicator_name text COLLATE "C" NOT NULL,
    output text COLLATE "C" NOT NULL,
    value double precision NOT NULL,
    parameters jsonb NOT NULL,
    warm boolean NOT NULL,
    minimum_bars integer NOT NULL,
    seed_bars bigint NOT NULL,
    revision integer NOT NULL,
    bar_revision integer NOT NULL,
    bar_kind text COLLATE "C" NOT NULL,
    bar_quality double precision NOT NULL,
    close_price numeric NOT NULL,
    ts_open_ns bigint NOT NULL,
    ts_close_ns bigint NOT NULL,
    known_at_ns bigint NOT NULL,
    is_primary boolean NOT NULL,
    primary_epoch integer NOT NULL,
    CONSTRAINT technical_indicators_key UNIQUE (symbol, source, timeframe, indicator_name, output, "timestamp")
);
SELECT tickerplant_hypertable('technical_indicators', '30 days');
