-- The extension stays: other databases' objects or people may use it.
DROP FUNCTION tickerplant_hypertable(text, interval);
