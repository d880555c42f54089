from collections.abc import Iterator

import pytest

from tests.transport.tcp.steps import Story


@pytest.fixture
def story() -> Iterator[Story]:
    """A story about a TCP with the usual settings; at its end nothing may be left unexpected."""
    story = Story()
    yield story
    story.settle()
