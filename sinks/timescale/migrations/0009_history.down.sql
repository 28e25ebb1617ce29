DROP FUNCTION indicators_as_of(text, text, text, timestamptz, timestamptz, timestamptz);
DROP FUNCTION signals_as_of(text, text, text, timestamptz, timestamptz, timestamptz);
DROP FUNCTION ohlcv_as_of(text, text, text, timestamptz, timestamptz, timestamptz);
DROP FUNCTION tickerplant_ns(timestamptz);
DROP TABLE trading_signals_history;
DROP TABLE technical_indicators_history;
DROP TABLE market_ohlcv_history;
