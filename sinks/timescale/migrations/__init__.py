"""Numbered SQL migrations: NNNN_name.up.sql and NNNN_name.down.sql in this folder, applied in order, each in a transaction of its own."""

from sinks.timescale.migrations.files import Migration, load_migrations
from sinks.timescale.migrations.runner import apply_migrations, doomed_migrations, pending_migrations, revert_migrations

__all__ = ["Migration", "apply_migrations", "doomed_migrations", "load_migrations", "pending_migrations", "revert_migrations"]
