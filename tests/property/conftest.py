"""Properties run thousands of examples: tracing them would take minutes and show nothing that the other tests do not."""

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/property/" in item.nodeid:
            item.add_marker("no_cover")
