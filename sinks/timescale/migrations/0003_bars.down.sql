DROP TABLE market_ohlcv;
