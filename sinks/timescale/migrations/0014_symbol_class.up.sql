-- What kind of market a symbol is of: crypto, equity or fx. The sink says, at the symbol's first bar and, for all, when it starts; empty until then.
ALTER TABLE market_symbols ADD COLUMN asset_class text COLLATE "C" NOT NULL DEFAULT '';
