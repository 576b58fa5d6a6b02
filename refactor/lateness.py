"""May the request be finished already when a method runs?"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .aftermath import may_finish
from .methods import Method, Methods


def may_be_finished(
    methods: Methods, method: Method, seen: frozenset[Method] = frozenset()
) -> bool:
    """Whether those who name ``method``, or those who name them, may finish the request first."""

    def names_it(node: cst.CSTNode) -> bool:
        return method.name in tree.names(node)

    for use in methods.uses(method):
        user = use.inside
        if user is None:
            if not methods.is_verb_alias(method, use):
                return True
        elif user is not method and user not in seen:
            body, first = tree.block(user.node.body), user.first
            if may_finish(body, first, names_it, apart=method.name):
                return True
            if may_be_finished(methods, user, seen | {method}):
                return True
    return False
