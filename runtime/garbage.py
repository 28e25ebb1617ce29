"""Memory of processes that run for weeks: Python's cyclic garbage collector, and what the C library keeps of what was freed."""

import ctypes
import gc
import sys

_YOUNG_OBJECTS = 10_000  # a fetch of 500 records is several thousand objects that live until the next one: Python's 700 would look through them again and again
# The numbers of <malloc.h>. By itself glibc learns from each large block that is freed to take the next ones from its heap, where they leave holes: a stage with
# 2,000 symbols grew by a seventh from its own snapshots. Fixed, a large block is given back at once; those of fetches, half a MB, are too frequent for that.
_M_MMAP_THRESHOLD, _LARGE_BYTES = -3, 1 << 20
_M_TRIM_THRESHOLD, _TOP_BYTES = -1, 1 << 22


def settle() -> None:
    """Called once, when a process has imported what it needs: all that is there now stays, and is not looked through any more.

    A full pass over a stage's modules takes 50 ms, in which nothing is processed; and it comes whenever the state has grown by a quarter of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])
    _give_large_blocks_back()


def _give_large_blocks_back() -> None:
    """Does nothing where the C library is not glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _TOP_BYTES)
