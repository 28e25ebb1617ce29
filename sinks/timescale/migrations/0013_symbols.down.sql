DROP FUNCTION symbol_names(text, text, timestamptz);
DROP FUNCTION symbols_as_of(text, timestamptz, timestamptz);
DROP TABLE market_symbol_changes;
DROP VIEW market_sources;
DROP TABLE market_symbols;
