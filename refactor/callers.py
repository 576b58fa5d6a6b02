"""What the callers of a method make of it, and whether it may become a coroutine for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from .delegate_calls import is_last
from .find import TASK
from .inspecting import is_looked_at
from .methods import Method, Use
from .outsiders import expected
from .patches import is_patch
from .workspace import Class

if TYPE_CHECKING:
    from .delegates import Delegates


def is_called(delegates: Delegates, cls: Class, node: cst.FunctionDef) -> bool:
    """Whether the project names a method of ``cls`` outside of its definition."""
    return bool(delegates.methods.uses(delegates.methods.at(cls, node)))


def goes_on(delegates: Delegates, method: Method) -> Use | None:
    """A place that calls a handler and does more than end there with the verb it stands in.

    What a method under @asynchronous raises is answered there and then, and its caller goes on;
    without the decorator the caller ends (SEMANTICS section 2).
    """
    return next(
        (use for use in delegates.methods.uses(method) if not _ends_there(delegates, use)), None
    )


def _ends_there(delegates: Delegates, use: Use) -> bool:
    """Whether a verb ends with the call that ``use`` is, or ``use`` only gives another name."""
    if use.file is None or use.node is None:
        return False
    if is_looked_at(delegates.methods.workspace, use.file, use.node):
        return True
    names = use.file.names
    call = names.parents.get(id(use.node))
    if isinstance(call, cst.Assign) and use.inside is None:
        return True  # head = get
    if isinstance(use.node, cst.SimpleString):
        return False
    if isinstance(call, cst.Arg):
        return _answers_callback(delegates, names.parents.get(id(call)), use.inside)
    if not isinstance(call, cst.Call) or call.func is not use.node or use.inside is None:
        return False
    verb = delegates.is_handler(use.inside) or delegates.is_verb(use.inside)
    returned = isinstance(names.parents.get(id(call)), cst.Return)
    guards = (cst.Try, cst.TryStar, cst.With)
    alone = not any(isinstance(each, guards) for each in names.ancestors(call))
    return verb and (is_last(call, names) or (returned and alone))


def _answers_callback(
    delegates: Delegates, given: cst.CSTNode | None, inside: Method | None
) -> bool:
    """Whether the context of an operation answers the errors of what is passed to ``given``.

    Whatever is no operation may call it at once, or outside of the context.
    """
    if not isinstance(given, cst.Call) or inside is None:
        return False
    return delegates.finder(inside).operation(given) is not None


def keeps_working(delegates: Delegates, method: Method, use: Use) -> bool:
    """Whether ``use`` needs no change when ``method`` becomes a coroutine.

    It may only look at the method, replace it on its class, or give it to ``gen.Task``, which
    passes ``callback=`` by name.
    """
    if use.file is None or use.node is None:
        return False
    workspace = delegates.methods.workspace
    if is_patch(workspace, use.file, use.node) or is_looked_at(workspace, use.file, use.node):
        return True
    own = delegates.produced(method)
    if own is None or delegates.options.tornado >= 6:
        return False
    argument = use.file.names.parents.get(id(use.node))
    call = use.file.names.parents.get(id(argument)) if argument is not None else None
    if not isinstance(call, cst.Call) or call.args[0] is not argument:
        return False
    given = use.file.names.qualified(call.func, call) == TASK and own.parameter == "callback"
    generator = delegates.options.style == "coroutine" or delegates.kind(method) == "engine"
    stays = expected(delegates.methods.workspace, method)
    return given and (stays or (generator and own.is_kept_by_coroutine))
