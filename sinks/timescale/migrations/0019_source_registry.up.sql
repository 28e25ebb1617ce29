-- What operators decided of each provider, and what its last test saw. `tickerplant sources` writes it; the ingestors are told over market.sources.
CREATE TABLE market_source_registry (
    provider text COLLATE "C" PRIMARY KEY,
    enabled boolean NOT NULL,
    priority integer CHECK (priority BETWEEN 0 AND 1000),
    restarted_ns bigint NOT NULL DEFAULT 0,
    credential text,
    credential_at timestamptz,
    tested_at timestamptz,
    test_passed boolean,
    test_said text,
    changed_ns bigint NOT NULL,
    CONSTRAINT market_source_registry_credential CHECK ((credential IS NULL) = (credential_at IS NULL)),
    CONSTRAINT market_source_registry_test CHECK ((tested_at IS NULL) = (test_passed IS NULL) AND (tested_at IS NULL) = (test_said IS NULL))
);
