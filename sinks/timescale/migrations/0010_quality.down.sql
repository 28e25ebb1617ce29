DROP TABLE market_quality;
