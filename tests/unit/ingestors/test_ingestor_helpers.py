"""What ends a task beside the feed ends the ingestor; nothing dies in silence."""

import asyncio

import pytest

from ingestors.helpers import Helpers
from runtime.errors import FatalError


async def _breaks() -> None:
    raise KeyError("B-X")


async def _ends() -> None:
    return


@pytest.mark.parametrize(("helper", "error"), [(_breaks, KeyError), (_ends, FatalError)])
async def test_a_helper_that_ends_is_raised(helper: object, error: type[Exception]) -> None:
    wake = asyncio.Event()
    helpers = Helpers(wake)
    helpers.start((helper, asyncio.Event().wait))  # type: ignore[arg-type]
    await asyncio.wait_for(wake.wait(), 1)
    with pytest.raises(error):
        helpers.check()
    helpers.cancel()


async def test_helpers_that_run_are_let_alone() -> None:
    helpers = Helpers(asyncio.Event())
    helpers.start((asyncio.Event().wait,))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    helpers.check()
    helpers.cancel()
