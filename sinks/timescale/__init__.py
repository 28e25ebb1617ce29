"""The TimescaleDB sink: rows and Kafka positions in one transaction. Runs on plain PostgreSQL as well."""
