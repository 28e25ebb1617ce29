-- TimescaleDB where the server has it loaded; a plain PostgreSQL stays as it is. Everything after this asks only whether the extension is there.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb')
        OR NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb') THEN
        RETURN;
    END IF;
    -- Installed but not preloaded: creating it would end the connection, so ask first. A role that may not read the setting may try.
    BEGIN
        IF current_setting('shared_preload_libraries') NOT LIKE '%timescaledb%' THEN
            RETURN;
        END IF;
    EXCEPTION WHEN insufficient_privilege THEN
        NULL;
    END;
    CREATE EXTENSION timescaledb;
END
$$;

-- Makes a table a hypertable where TimescaleDB is there. Unique keys hold the time column, which hypertables need.
CREATE FUNCTION tickerplant_hypertable(table_name text, chunk interval) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN
        EXECUTE format(
            'SELECT create_hypertable(%L::regclass, ''timestamp'', chunk_time_interval => %L::interval, create_default_indexes => false)',
            table_name, chunk
        );
    END IF;
END
$$;
