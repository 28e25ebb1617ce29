"""The collector leaves alone what a process began with; what a large block took is given back."""

import platform
import subprocess
import sys

import pytest

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


_LARGE_BLOCKS = """
from runtime import garbage

def heap_bytes():
    ends = next(line.split()[0] for line in open("/proc/self/maps") if line.endswith("[heap]\\n")).split("-")
    return int(ends[1], 16) - int(ends[0], 16)

garbage.settle()
bytearray(8 << 20)
before = heap_bytes()
block = bytearray(8 << 20)
print("larger" if heap_bytes() - before >= 8 << 20 else "no larger")
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc learns to keep large blocks")
def test_a_large_block_that_was_freed_leaves_no_hole_behind() -> None:
    done = subprocess.run([sys.executable, "-c", _LARGE_BLOCKS], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "no larger"
