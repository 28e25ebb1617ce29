"""Python's cyclic garbage collector in processes that run for weeks."""

import gc

_YOUNG_OBJECTS = 10_000  # a fetch of 500 records is several thousand objects that live until the next one: Python's 700 would look through them again and again


def settle() -> None:
    """Called once, when a process has imported what it needs: all that is there now stays, and is not looked through any more.

    A full pass over a stage's modules takes 50 ms, in which nothing is processed; and it comes whenever the state has grown by a quarter of them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *gc.get_threshold()[1:])
