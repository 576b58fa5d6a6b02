"""Answers in parts, headers one by one, and clients that are slow to take what is sent."""

from __future__ import annotations

import pytest
from exploring import compare, handler

STREAMED = """
@asynchronous
def get(self):
    self.parts = []
    AsyncHTTPClient().fetch(
        "http://a", self.on_end, streaming_callback=self.on_part, header_callback=self.on_header
    )

def on_header(self, line):
    if line.startswith("X-Total:"):
        self.write("total ")

def on_part(self, part):
    self.parts.append(part)

def on_end(self, response):
    self.finish(b"%d " % response.code + b"".join(self.parts))
"""
HEADERS = """
@gen.coroutine
def get(self):
    response = yield AsyncHTTPClient().fetch("http://a", raise_error=False)
    if "X-A" in response.headers and "X-B" in response.headers:
        self.write("both")
"""
FLUSHED = """
@asynchronous
def get(self):
    self.left = 2
    self.send()

def send(self):
    self.left -= 1
    self.write("part")
    if self.left:
        self.flush(callback=self.send)
    else:
        self.finish()
"""
YIELDED = """
@gen.coroutine
def get(self):
    self.write("part")
    {}
    self.write("part")
    self.finish()
"""
DIFFERENT = {
    "only the last part": (STREAMED, STREAMED.replace(".append(part)", "[:] = [part]")),
    "another header line": (STREAMED, STREAMED.replace("X-Total", "X-Size")),
    "parts in another order": (STREAMED, STREAMED.replace("self.parts)", "self.parts[::-1])")),
    "parts of an answer that ends too soon": (
        STREAMED,
        STREAMED.replace("def on_end(self, response):", "def on_end(self, response):\n"
                         "    if response.error: self.parts = []"),
    ),
    "one header instead of two": (HEADERS, HEADERS.replace(' and "X-B" in response.headers', "")),
    "a client that leaves before it took everything": (
        FLUSHED.replace("self.left = 2", "self.left = 3"),
        """
@gen.coroutine
def get(self):
    for _ in range(2):
        self.write("part")
        yield self.flush()
    self.write("part")
""",
    ),
    "finished by itself, when the client has left": (
        FLUSHED,
        YIELDED.format("yield self.flush()").replace("    self.finish()\n", ""),
    ),
    "nobody waits": (FLUSHED, YIELDED.format("self.flush()")),
}  # fmt: skip
SAME = {
    "parts": (STREAMED, STREAMED.replace("self.parts", "self.pieces")),
    "one flush": (FLUSHED, YIELDED.format("yield self.flush()")),
}


@pytest.mark.parametrize(("before", "after"), DIFFERENT.values(), ids=DIFFERENT)
def test_another_handler(before: str, after: str) -> None:
    assert compare(handler(before), handler(after)).result == "different"


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME)
def test_the_same_handler(before: str, after: str) -> None:
    verdict = compare(handler(before), handler(after))
    assert (verdict.result, verdict.reason, verdict.coverage) == ("equivalent", None, 1.0)
