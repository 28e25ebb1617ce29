DROP TABLE market_alerts;
