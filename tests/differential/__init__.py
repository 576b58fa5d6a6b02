"""Random coroutine programs, run on the runtime and on real Tornado."""
