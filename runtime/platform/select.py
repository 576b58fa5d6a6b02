"""The poll function of Tornado's select loop: nothing is ever ready on a descriptor."""

from __future__ import annotations


class _Select:
    """A poller; given to a PollIOLoop as ``impl`` with a subclass's idea of time."""

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        """Return the events of ``timeout`` seconds: none."""
        return []
