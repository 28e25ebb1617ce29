"""What an ingestor that needs no stored key does not load."""

import subprocess
import sys

from tests.support import ROOT

PROGRAM = """
import sys
from ingestors.binance.ingestor import build
from ingestors.worker import run_ingestor
from runtime.settings import load_settings
from tickerplant.registry.keys import with_stored_key

settings = load_settings()
assert with_stored_key(settings, "binance") is settings
print({"psycopg", "cryptography", "pandas", "sqlalchemy"} & set(sys.modules))
"""


def test_a_provider_without_a_key_needs_neither_database_nor_cryptography() -> None:
    """They take 16 MB of each ingestor's 120."""
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.strip() == "set()"
