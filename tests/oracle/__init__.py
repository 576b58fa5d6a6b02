"""Real Tornado as the judge: versions from PyPI, handlers run over loopback, runs compared."""
