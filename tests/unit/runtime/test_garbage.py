"""The collector leaves alone what a process began with."""

import subprocess
import sys

_PROGRAM = """
import gc
from runtime import garbage

class Ring:
    def __init__(self):
        self.itself = self

garbage.settle()
before = gc.get_freeze_count()
Ring()
found = gc.collect()
print(before > 1000, len(gc.get_objects()) < 1000, found >= 1, gc.get_threshold()[0])
"""


def test_what_was_there_is_frozen_and_what_comes_after_is_collected() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "True", "True", "10000"]
