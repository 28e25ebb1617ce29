DROP TABLE market_ticks;
