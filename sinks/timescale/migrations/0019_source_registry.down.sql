DROP TABLE market_source_registry;
