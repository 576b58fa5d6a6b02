"""Where the operations of one function stand among its statements.

``Placement`` answers what the direct form has to know before it moves code: which statement is an
operation, what runs behind it before its callback can, and whether a block has surely started one
(SEMANTICS section 6, traps 3 to 5 and 12 to 14).
"""

from __future__ import annotations

import libcst as cst

from . import cst as tree
from .aftermath import has_return, last_else, leaves, nothing
from .names import Names
from .refusal import Refused
from .sites import Site


class Placement:
    """The operations of one function, found before the conversion began, by their calls."""

    def __init__(self, sites: list[Site], names: Names) -> None:
        self._found = {id(site.call): site for site in sites}
        self._names = names

    def sites(self, *nodes: cst.CSTNode) -> list[Site]:
        """The sites below ``nodes`` that were there when the conversion began."""
        return [
            self._found[id(each)]
            for node in nodes
            for each in tree.walk(node, into_functions=False)
            if id(each) in self._found
        ]

    def statement_site(self, stmt: cst.CSTNode) -> Site | None:
        """The operation that ``stmt`` consists of, alone or behind ``return``."""
        call = tree.called(stmt) or _returned(stmt)
        if call is not None and id(call) in self._found:
            if self._found[id(call)].argument is not None and tree.called(stmt) is None:
                return None
            inner = [s for s in self.sites(stmt) if s.call is not call]
            if inner:
                raise Refused("UC307", inner[0].call, what=inner[0].operation.name)
            return self._found[id(call)]
        return None

    def refuse_place(self, stmt: cst.CSTNode) -> None:
        """Refuse ``stmt``, inside of which an operation stands where it cannot be awaited."""
        site = self.sites(stmt)[0]
        name = site.operation.name
        if isinstance(stmt, cst.For | cst.While):
            raise Refused("UC301", site.call, what=name)
        if isinstance(tree.small(stmt), cst.Return | cst.Assign | cst.AnnAssign | cst.AugAssign):
            code = "UC211" if site.operation.returns == "handle" else "UC204"
            raise Refused(code, site.call, what=name)
        raise Refused("UC307", site.call, what=name)

    def until_operation(self, stmts: tree.Block) -> tree.Block:
        """Statements without the bare ``return`` that follows an operation in them."""
        at = next((i for i, stmt in enumerate(stmts) if self.sites(stmt)), None)
        if at is None or not stmts[at + 1 :] or not nothing(stmts[at + 1 :]):
            return stmts
        return stmts[: at + 1]

    def exclusive(self, stmt: cst.CSTNode) -> None:
        """Refuse unless at most one operation of ``stmt`` can start, as a statement."""
        whole = isinstance(stmt, cst.For | cst.While | cst.Match | cst.TryStar)
        if whole or not tree.sub_blocks(stmt):
            if self.statement_site(stmt) is None:
                self.refuse_place(stmt)
            return
        header = [
            s
            for s in self.sites(stmt)
            if not any(s in self.sites(b) for b in tree.sub_blocks(stmt))
        ]
        if header:
            raise Refused("UC307", header[0].call, what=header[0].operation.name)
        busy = [suite for suite in tree.sub_blocks(stmt) if self.sites(suite)]
        if isinstance(stmt, cst.Try) and stmt.finalbody is not None and _jumps(stmt.finalbody.body):
            site = self.sites(stmt)[0]
            raise Refused("UC308", site.call, what=site.operation.name)
        if len(busy) > 1 and not _one_alone(stmt, busy):
            site = self.sites(busy[1])[0]
            raise Refused("UC308", site.call, what=site.operation.name)
        if isinstance(stmt, cst.With):
            self._refuse_context(stmt)
        for suite in busy:
            inner = [s for s in tree.block(suite) if self.sites(s)]
            if len(inner) > 1:
                site = self.sites(inner[1])[0]
                raise Refused("UC302", site.call, what=site.operation.name)
            self.exclusive(inner[0])

    def _refuse_context(self, stmt: cst.With) -> None:
        names = self._names
        for item in stmt.items:
            manager = item.item.func if isinstance(item.item, cst.Call) else item.item
            qualified = names.qualified(manager) or tree.code(manager)
            if "stack_context" in qualified or qualified.endswith(("StackContext", "NullContext")):
                raise Refused("UC304", item, what=tree.code(manager))

    def is_caught(self, stmt: cst.CSTNode, site: Site) -> bool:
        """Whether something in ``stmt`` may catch what ``site`` raises, or run behind it."""
        below: cst.CSTNode = site.call
        for each in self._names.ancestors(site.call):
            if isinstance(each, cst.With):
                return True
            if isinstance(each, cst.Try | cst.TryStar) and (
                below is each.body or each.finalbody is not None
            ):
                return True
            if each is stmt:
                return False
            below = each
        return False

    def behind(self, stmt: cst.CSTNode) -> tree.Block:
        """The statements inside ``stmt`` that run after an operation in it was started."""
        found: tree.Block = []
        for suite in tree.sub_blocks(stmt):
            stmts = tree.block(suite)
            at = next((i for i, each in enumerate(stmts) if self.sites(each)), None)
            if at is None:
                continue
            after = stmts[at + 1 :]
            if not nothing(after):
                found += after
                for each in after:
                    if has_return(each):
                        site = self.sites(stmt)[0]
                        raise Refused("UC303", site.call, what=site.operation.name)
            found += self.behind(stmts[at])
        if isinstance(stmt, cst.Try):
            orelse = stmt.orelse if self.sites(stmt.body) else None
            for part in (orelse, stmt.finalbody):
                if part is not None and not self.sites(part):
                    found += tree.block(part.body)
        return found

    def left_behind(self, stmt: cst.CSTNode) -> bool:
        """Whether every operation in ``stmt`` is followed by a ``return``."""
        ends: list[bool] = []
        for suite in tree.sub_blocks(stmt):
            stmts = tree.block(suite)
            at = next((i for i, each in enumerate(stmts) if self.sites(each)), None)
            if at is not None:
                ends.append(leaves(stmts[at + 1 :]) or self.left_behind(stmts[at]))
        return bool(ends) and all(ends)

    def definite(self, stmts: tree.Block) -> bool:
        """Whether whoever gets past the end of ``stmts`` has started the operation in them."""
        for stmt in stmts:
            if self.statement_site(stmt) is not None:
                return True
            suites = tree.sub_blocks(stmt)
            if isinstance(stmt, cst.If) and self.sites(stmt):
                whole = len(suites) > 1 and last_else(stmt) is not None
                return whole and all(
                    leaves(tree.block(s)) or self.definite(tree.block(s)) for s in suites
                )
            if isinstance(stmt, cst.Try) and self.sites(stmt.body):
                handlers = all(leaves(tree.block(h.body)) for h in stmt.handlers)
                return handlers and self.definite(tree.block(stmt.body))
        return False


def _one_alone(stmt: cst.CSTNode, busy: list[cst.BaseSuite]) -> bool:
    """Whether at most one of the ``busy`` blocks of ``stmt`` can run: its handlers and ``else``."""
    if not isinstance(stmt, cst.Try):
        return True
    others = [stmt.body] if stmt.finalbody is None else [stmt.body, stmt.finalbody.body]
    return not any(suite is other for suite in busy for other in others)


def _returned(stmt: cst.CSTNode) -> cst.Call | None:
    """The call that a statement returns the value of."""
    small = tree.small(stmt)
    value = small.value if isinstance(small, cst.Return) else None
    return value if isinstance(value, cst.Call) else None


def _jumps(suite: cst.BaseSuite) -> bool:
    """Whether a ``finally`` may leave by itself, so that nothing behind the try would run."""
    return tree.some(suite, lambda n: isinstance(n, cst.Return | cst.Break | cst.Continue))
