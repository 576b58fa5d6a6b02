"""What every test finds: the runtime as a new process has it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from uncallback.runtime import choices, generation


@pytest.fixture(autouse=True)
def _generation_four() -> Iterator[None]:
    """The explorer sets the generation for each run and, in a child, need not set it back."""
    generation.switch(4)
    choices.install(choices.PLAIN)
    yield
    generation.switch(4)
    choices.install(choices.PLAIN)
