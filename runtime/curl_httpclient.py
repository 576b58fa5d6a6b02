"""``tornado.curl_httpclient``: libcurl's client by name; it answers as the other one."""

from __future__ import annotations

from .simple_httpclient import SimpleAsyncHTTPClient

__all__ = ["CurlAsyncHTTPClient"]


class CurlAsyncHTTPClient(SimpleAsyncHTTPClient):
    """The client that a configuration may ask for; proxies and the like have no effect."""
