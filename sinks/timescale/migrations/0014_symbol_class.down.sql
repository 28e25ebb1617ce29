ALTER TABLE market_symbols DROP COLUMN asset_class;
