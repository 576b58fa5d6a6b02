"""The explorer: runs two versions of a handler under the same answers and compares what they did.

It is kept free of imports on purpose: ``python -m uncallback.runtime`` starts for every check, and
what it does not need it should not pay for.
"""
