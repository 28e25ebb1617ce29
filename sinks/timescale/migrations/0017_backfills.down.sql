DROP TABLE market_backfills;
