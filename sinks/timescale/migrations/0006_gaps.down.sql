DROP TABLE market_gaps;
