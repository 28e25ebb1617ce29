"""What the HTX ingestor is told and what follows from it."""

NAME = "htx"
SECTION = "providers.htx"  # of the settings
STAGE = "ingest.htx"  # on dead letters and metrics
MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # of one unpacked message: a book of 150 levels has 20 kB
