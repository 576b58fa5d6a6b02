"""Why a handler stays as it is, or what deserves attention: every code in one table.

Codes are stable. UC1xx: what the handler is; UC2xx: the operation and its callback; UC3xx: control
flow around the operation; UC4xx: who else is involved; UC5xx: names and scopes; UC6xx: generator
forms; UC7xx: findings about the target generation; UC9xx: the check and the tool itself.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One code: a short title, and the sentence of the report with its placeholders."""

    title: str
    sentence: str


REASONS: dict[str, Entry] = {
    "UC101": Entry(
        "nothing asynchronous found",
        "no operation with a callback was found, and not every path finishes the request",
    ),
    "UC102": Entry(
        "somebody else finishes",
        "the request may be finished by {what}, outside the handler's own control flow",
    ),
    "UC103": Entry("not a method", "'{what}' is not a method of a class"),
    "UC104": Entry("unusual signature", "the handler has no plain first parameter"),
    "UC105": Entry(
        "prepare does not wait",
        "an asynchronous prepare() does not hold back the verb today; as a coroutine it would",
    ),
    "UC106": Entry("abstract", "the handler only raises, for subclasses to override it"),
    "UC107": Entry(
        "not a request",
        "'{what}' of a WebSocketHandler is called for each message, and messages overlap",
    ),
    "UC108": Entry(
        "helper",
        "'{what}' is no HTTP method, and those who call it do not wait for it",
    ),
    "UC109": Entry(
        "may be under @asynchronous",
        "'{what}' may be Tornado's @asynchronous here, or something else",
    ),
    "UC110": Entry(
        "applied in another way",
        "'{what}' applies @asynchronous in a way that is not followed",
    ),
    "UC201": Entry(
        "unknown operation",
        "'{what}' takes a callback but is not in the catalogue; if it calls back once, declare it:"
        "\n{lines}",
    ),
    "UC202": Entry("callback computed", "the callback '{what}' is computed at run time"),
    "UC203": Entry(
        "callback not found", "the callback '{what}' could not be found in this class or its bases"
    ),
    "UC204": Entry(
        "value used", "the value of '{what}' is used; with the callback gone it would be a future"
    ),
    "UC205": Entry(
        "arguments unpacked",
        "'{what}' is called with unpacked arguments, so the callback's place is not certain",
    ),
    "UC206": Entry("wrong arity", "'{callback}' cannot take what '{what}' passes to its callback"),
    "UC207": Entry("may fire more than once", "'{what}' may call back more than once"),
    "UC208": Entry("no awaitable form", "'{what}' has no awaitable form for Tornado {tornado}"),
    "UC209": Entry(
        "callback is a coroutine",
        "the callback '{what}' is itself a coroutine; what it raises is only logged today",
    ),
    "UC210": Entry(
        "may fire at once",
        "'{what}' may call back before it returns, and the code after it would notice",
    ),
    "UC211": Entry(
        "handle used", "the handle that '{what}' returns is used, so the operation can be cancelled"
    ),
    "UC212": Entry(
        "order on the event loop",
        "a coroutine would resume at another pass of the event loop than the callback of '{what}'",
    ),
    "UC213": Entry(
        "order of evaluation",
        "'{what}' is bound to the callback, and the call it stands in may change its value first",
    ),
    "UC214": Entry(
        "unknown future", "what '{what}' waits for is not certainly a future that can be yielded"
    ),
    "UC215": Entry(
        "callback gives a future",
        "'{callback}' gives the event loop the future of '{what}', which waits for it today",
    ),
    "UC216": Entry(
        "argument cannot stay",
        "without its callback, '{what}' cannot keep another of its arguments as it is",
    ),
    "UC301": Entry(
        "operation in a loop",
        "'{what}' is started in a loop, and its callbacks cannot be put in one order",
    ),
    "UC302": Entry(
        "several operations in flight",
        "'{what}' is started while another operation is still in flight",
    ),
    "UC303": Entry(
        "return after the call",
        "the code after '{what}' returns early, and the callback still runs today",
    ),
    "UC304": Entry(
        "context around the call", "a coroutine cannot wait inside the stack context '{what}'"
    ),
    "UC305": Entry(
        "returns a value", "the handler returns the value of '{what}', which may be a future"
    ),
    "UC306": Entry(
        "callback repeats the operation",
        "the callback starts '{what}' again in a way that is not a simple loop",
    ),
    "UC307": Entry(
        "operation in an unusual place",
        "'{what}' is called inside an expression or a nested function",
    ),
    "UC308": Entry(
        "try around the callback",
        "the try statement around '{what}' has parts that cannot be kept to the call alone",
    ),
    "UC401": Entry(
        "another callback remains",
        "'{what}' gets a callback that stays, whose errors only @asynchronous would catch",
    ),
    "UC402": Entry(
        "decorator may drop the future",
        "the decorator '{what}' may call the method later, or drop the future of a coroutine",
    ),
    "UC403": Entry(
        "called by others",
        "'{what}' is also used at line {at} of {where}, which does not wait for it",
    ),
    "UC404": Entry(
        "overridden elsewhere",
        "'{what}' is, or may be, overridden or called in {where}, which does not wait for it",
    ),
    "UC405": Entry(
        "error hook", "the class looks at the traceback of an error, and its frames would change"
    ),
    "UC406": Entry(
        "guarded call of a helper",
        "'{what}' stands in a try or with statement, which today sees only the errors of its start",
    ),
    "UC407": Entry(
        "code after a helper",
        "an error of '{what}' comes before the code after it today; a coroutine's comes later",
    ),
    "UC408": Entry(
        "converted together",
        "it would have to be converted together with '{what}', which stays: {why}",
    ),
    "UC409": Entry(
        "another file is needed",
        "'{what}' in {where} would have to be converted too; name that file as well",
    ),
    "UC410": Entry(
        "callback of its own",
        "its own callback '{what}' is not called exactly once on every path, as the last thing",
    ),
    "UC411": Entry(
        "defined more than once",
        "'{what}' is defined more than once in its class, or only on a condition",
    ),
    "UC412": Entry(
        "background operation",
        "'{what}' starts an operation of its own, whose errors only @asynchronous answers",
    ),
    "UC413": Entry(
        "no request at hand",
        "an error at '{what}' would have to be answered here, where no request is at hand",
    ),
    "UC414": Entry(
        "callers outside of the project",
        "its callback '{what}' cannot become optional for callers outside of the project",
    ),
    "UC415": Entry(
        "callers go on after an error",
        "line {at} of {where} leads to '{what}' and goes on after an error, which ends here today",
    ),
    "UC416": Entry(
        "error without an error page",
        "'{what}' cannot be answered with an error page; @asynchronous makes a 500 of it",
    ),
    "UC501": Entry(
        "looks at its local names", "'{what}' is used, and the conversion adds local names"
    ),
    "UC502": Entry(
        "name would be captured",
        "the name '{what}' means something else where the callback's body would stand",
    ),
    "UC601": Entry("generator form", "'{what}' has no exact form outside gen.engine"),
    "UC602": Entry(
        "several values",
        "'{what}' may call back with several values, which only gen.Arguments can hold",
    ),
    "UC603": Entry(
        "decorators in the wrong order",
        "'{what}' stands above @asynchronous, which fails on a generator since Tornado 4",
    ),
    "UC604": Entry(
        "left open elsewhere",
        "'{what}' may leave the request open, and @asynchronous finishes it all the same",
    ),
    "UC605": Entry(
        "errors of a helper",
        "errors of callbacks behind '{what}' reach the client only through @asynchronous",
    ),
    "UC701": Entry(
        "positional callback", "Tornado 6 takes the positional argument '{what}' for raise_error"
    ),
    "UC702": Entry("callback argument left", "Tornado 6 removed the callback argument of '{what}'"),
    "UC703": Entry("removed name", "Tornado 6 removed '{what}'"),
    "UC704": Entry("io_loop argument", "Tornado 5 removed the io_loop argument of '{what}'"),
    "UC705": Entry(
        "errors raised all the same",
        "with raise_error=False, '{what}' still raises connection errors and timeouts in Tornado 6",
    ),
    "UC706": Entry(
        "timeout is an OSError", "in Tornado 6, 'except {what}' catches gen.TimeoutError as well"
    ),
    "UC901": Entry("versions differ", "the check found a difference, so nothing was written"),
    "UC902": Entry("not proven", "the check could not compare the versions: {what}"),
    "UC903": Entry("skipped by comment", "a comment asks to leave this handler alone"),
    "UC904": Entry("internal error", "the tool failed on this handler: {what}"),
    "UC905": Entry(
        "output does not compile",
        "the rewritten handler does not compile, so it was not written: {what}",
    ),
}


def sentence(code: str, **facts: object) -> str:
    """The sentence of ``code`` with its placeholders filled from ``facts``."""
    return REASONS[code].sentence.format(**facts)
