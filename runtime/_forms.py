"""What a request carries besides its path: form bodies, uploaded files, cookies."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie
from urllib.parse import unquote

from . import generation
from ._headers import HTTPHeaders, HTTPInputError
from .escape import native_str, parse_qs_bytes, utf8
from .log import gen_log
from .util import ObjectDict

__all__ = [
    "HTTPFile",
    "parse_body_arguments",
    "parse_cookie",
    "parse_multipart_form_data",
]

_plain = SimpleCookie()
Arguments = dict[str, list[bytes]]


class HTTPFile(ObjectDict):
    """A file uploaded with a form: ``filename``, ``body`` and ``content_type``."""


def parse_body_arguments(
    content_type: str,
    body: bytes,
    arguments: Arguments,
    files: dict[str, list[HTTPFile]],
    headers: HTTPHeaders | None = None,
) -> None:
    """Read a form body into ``arguments`` and ``files``; other bodies are left alone.

    What cannot be read is logged on ``tornado.general``; in generation 6 it is an HTTPInputError.
    """
    if headers and "Content-Encoding" in headers:
        _complain(f"Unsupported Content-Encoding: {headers['Content-Encoding']}")
    elif content_type.startswith("application/x-www-form-urlencoded"):
        _parse_urlencoded(body, arguments)
    elif content_type.startswith("multipart/form-data"):
        try:
            boundary = _parameters(content_type).get("boundary")
            if not boundary:
                raise ValueError("multipart boundary not found")
            parse_multipart_form_data(utf8(boundary), body, arguments, files)
        except Exception as error:
            _complain(f"Invalid multipart/form-data: {error}")


def _complain(message: str) -> None:
    if generation.current == 6:
        raise HTTPInputError(message)
    gen_log.warning("%s", message)


def _parse_urlencoded(body: bytes, arguments: Arguments) -> None:
    try:
        text = body if generation.current == 6 else native_str(body)
        parsed = parse_qs_bytes(text, keep_blank_values=True)
    except Exception as error:
        _complain(f"Invalid x-www-form-urlencoded body: {error}")
        return
    for name, values in parsed.items():
        if values:
            arguments.setdefault(name, []).extend(values)


def parse_multipart_form_data(
    boundary: bytes, data: bytes, arguments: Arguments, files: dict[str, list[HTTPFile]]
) -> None:
    """Read a ``multipart/form-data`` body (RFC 7578) into ``arguments`` and ``files``.

    What is malformed is logged on ``tornado.general`` and left out; in generation 6 the first such
    thing is an HTTPInputError. Other errors are those of a part's headers.
    """
    if len(boundary) > 1 and boundary[:1] == boundary[-1:] == b'"':
        boundary = boundary[1:-1]
    end = data.rfind(b"--" + boundary + b"--")
    if end == -1:
        found = " found" if generation.current == 6 else ""
        _complain(f"Invalid multipart/form-data: no final boundary{found}")
        return
    for part in data[:end].split(b"--" + boundary + b"\r\n"):
        if part:
            _parse_part(part, arguments, files)


def _parse_part(part: bytes, arguments: Arguments, files: dict[str, list[HTTPFile]]) -> None:
    head, found, content = part.partition(b"\r\n\r\n")
    if not found:
        _complain("multipart/form-data missing headers")
        return
    headers = HTTPHeaders.parse(head.decode("utf-8"))
    disposition = headers.get("Content-Disposition", "")
    parameters = _parameters(disposition)
    if disposition.split(";")[0].strip() != "form-data" or not content.endswith(b"\r\n"):
        _complain("Invalid multipart/form-data")
        return
    name = parameters.get("name")
    if not name:
        value = "" if generation.current == 6 else "value "
        _complain(f"multipart/form-data {value}missing name")
        return
    body = content[:-2]
    if parameters.get("filename"):
        kind = headers.get("Content-Type", "application/unknown")
        upload = HTTPFile(filename=parameters["filename"], body=body, content_type=kind)
        files.setdefault(name, []).append(upload)
    else:
        arguments.setdefault(name, []).append(body)


def _parameters(header: str) -> dict[str, str]:
    """The ``name=value`` parameters of a header; quotes are taken off, names are lower case.

    From generation 5 on ``name*=charset'language'value`` is understood (RFC 2231).
    """
    parameters: dict[str, str] = {}
    for field in _fields(header):
        name, equals, value = field.partition("=")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] == '"':
            value = value[1:-1].replace("\\\\", "\\").replace('\\"', '"')
        name = name.strip().lower()
        if name.endswith("*") and value.count("'") == 2 and generation.current > 4:
            charset, _, value = value.split("'")
            name, value = name[:-1], unquote(value, charset or "us-ascii")
        if equals:
            parameters[name] = value
    return parameters


def _fields(header: str) -> Iterator[str]:
    """The fields of a header, split at semicolons outside quotes."""
    start, quoted, position = 0, False, 0
    while position < len(header):
        character = header[position]
        if character == "\\" and quoted:
            position += 1
        elif character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            yield header[start:position]
            start = position + 1
        position += 1
    yield header[start:]


def parse_cookie(cookie: str) -> dict[str, str]:
    """Read a ``Cookie`` header the way browsers' ``document.cookie`` is read.

    A chunk without an equals sign is a value without a name; the last of several wins; quoted
    values are unquoted.
    """
    cookies: dict[str, str] = {}
    for chunk in cookie.split(";"):
        name, equals, value = chunk.partition("=")
        if not equals:
            name, value = "", chunk
        name, value = name.strip(), value.strip()
        if name or value:
            cookies[name] = _plain.value_decode(value)[0]
    return cookies
