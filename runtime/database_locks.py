"""Keys of the advisory locks that our processes take in PostgreSQL: all of them here, so that no two meet by accident."""

from enum import IntEnum, unique


@unique
class DatabaseLock(IntEnum):
    """Any constants of ours; they must differ from other programs' keys in the same database."""

    MIGRATIONS = 7_424_230_119
    POLICIES = 7_424_230_120
    SCHEDULE_RUNNER = 7_424_230_121


SCHEDULED_JOB = 742_423
"""The first of two numbers that lock one job; a pair never meets a single number."""
