"""The bundled coroutine runtime: Tornado 4.4's coroutine world on a deterministic loop."""
