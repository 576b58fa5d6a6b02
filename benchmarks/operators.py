"""Async mutation operators: small wrong (and some harmless) changes to a handler on coroutines."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable

Block = list[ast.stmt]
StatementOperator = Callable[[Block, int], "Block | None"]
"""A block and the index of a statement in; the changed block, or ``None``, out."""

ExpressionOperator = Callable[[ast.expr], "ast.expr | None"]
"""An expression in; what it becomes out, ``None`` where it does not apply."""

MethodOperator = Callable[[ast.ClassDef, int, list[str]], bool]
"""A class, the index of a method, all method names in; changes the class, says whether it did."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def put(owner: ast.AST, field: tuple[str, int | None], value: ast.expr) -> None:
    """Set a field of a node, or one place of a field that is a list."""
    name, index = field
    if index is None:
        setattr(owner, name, value)
    else:
        getattr(owner, name)[index] = value


def _waits(node: ast.AST) -> bool:
    return any(isinstance(part, (ast.Yield, ast.Await)) for part in ast.walk(node))


def _awaited(node: ast.expr) -> ast.expr | None:
    return node.value if isinstance(node, (ast.Yield, ast.Await)) else None


def _wait_like(node: ast.expr, value: ast.expr) -> ast.expr:
    return ast.Await(value) if isinstance(node, ast.Await) else ast.Yield(value)


def _self_call(name: str, *arguments: ast.expr) -> ast.Expr:
    function = ast.Attribute(ast.Name("self", ast.Load()), name, ast.Load())
    return ast.Expr(ast.Call(function, list(arguments), []))


def _calls_self(statement: ast.stmt, names: tuple[str, ...]) -> bool:
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return False
    function = statement.value.func
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "self"
        and function.attr in names
    )


def _move_rest_after_wait(block: Block, index: int) -> Block | None:
    """The statement before a wait runs after it."""
    if index + 1 < len(block) and _waits(block[index + 1]) and not _waits(block[index]):
        return [*block[:index], block[index + 1], block[index], *block[index + 2 :]]
    return None


def _move_up_across_wait(block: Block, index: int) -> Block | None:
    """The statement after a wait runs before it."""
    if index and _waits(block[index - 1]) and not _waits(block[index]):
        return [*block[: index - 1], block[index], block[index - 1], *block[index + 1 :]]
    return None


def _swap_waits(block: Block, index: int) -> Block | None:
    if index and _waits(block[index - 1]) and _waits(block[index]):
        return [*block[: index - 1], block[index], block[index - 1], *block[index + 1 :]]
    return None


def _gather(block: Block, index: int) -> Block | None:
    """``a = yield f(); b = yield g()`` becomes ``a, b = yield [f(), g()]``."""
    pair = block[index : index + 2]
    targets: list[ast.expr] = []
    waited: list[ast.expr] = []
    for statement in pair:
        if not isinstance(statement, ast.Assign):
            return None
        value = _awaited(statement.value)
        if value is None:
            return None
        targets.append(statement.targets[0])
        waited.append(value)
    first = pair[0]
    if len(pair) < 2 or not isinstance(first, ast.Assign):
        return None
    wait = _wait_like(first.value, ast.List(waited, ast.Load()))
    joined = ast.Assign([ast.Tuple(targets, ast.Store())], wait)
    return [*block[:index], joined, *block[index + 2 :]]


def _drop_statement(block: Block, index: int) -> Block | None:
    if isinstance(block[index], (ast.Expr, ast.If, ast.Return, ast.Assign)):
        return [*block[:index], *block[index + 1 :]]
    return None


def _twice(block: Block, index: int) -> Block | None:
    if isinstance(block[index], ast.Expr):
        return [*block[: index + 1], copy.deepcopy(block[index]), *block[index + 1 :]]
    return None


def _finish_early(block: Block, index: int) -> Block | None:
    if _waits(block[index]):
        return [*block[:index], _self_call("finish"), *block[index:]]
    return None


def _finish_twice(block: Block, index: int) -> Block | None:
    if _calls_self(block[index], ("finish", "render", "redirect")):
        return [*block[: index + 1], _self_call("finish"), *block[index + 1 :]]
    return None


def _never_finish(block: Block, index: int) -> Block | None:
    """Wait for something that never comes."""
    if index == len(block) - 1 and _waits(block[index]):
        wait = next(n for n in ast.walk(block[index]) if isinstance(n, (ast.Yield, ast.Await)))
        module = ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant("tornado.locks")], [])
        locks = ast.Attribute(module, "locks", ast.Load())
        event = ast.Call(ast.Attribute(locks, "Event", ast.Load()), [], [])
        never = ast.Call(ast.Attribute(event, "wait", ast.Load()), [], [])
        return [*block, ast.Expr(_wait_like(wait, never))]
    return None


def _extra_turn(block: Block, index: int) -> Block | None:
    """One more turn of the loop before a wait: often harmless."""
    waits = [n for n in ast.walk(block[index]) if isinstance(n, (ast.Yield, ast.Await))]
    if waits and isinstance(waits[0], ast.Yield):
        module = ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant("tornado.gen")], [])
        moment = ast.Attribute(ast.Attribute(module, "gen", ast.Load()), "moment", ast.Load())
        return [*block[:index], ast.Expr(ast.Yield(moment)), *block[index:]]
    return None


def _return_result(block: Block, index: int) -> Block | None:
    """The handler returns a value, which an asynchronous handler must not."""
    if isinstance(block[index], ast.Return):
        return [*block[:index], ast.Return(ast.Constant("result")), *block[index + 1 :]]
    if index == len(block) - 1 and _waits(ast.Module(block, [])):
        return [*block, ast.Return(ast.Constant("result"))]
    return None


def _return_before(block: Block, index: int) -> Block | None:
    if index and _waits(block[index - 1]):
        return [*block[:index], ast.Return(None), *block[index:]]
    return None


def _narrow_try(block: Block, index: int) -> Block | None:
    statement = block[index]
    if isinstance(statement, ast.Try) and len(statement.body) > 1:
        *kept, last = statement.body
        statement.body = kept
        return [*block[: index + 1], last, *block[index + 1 :]]
    return None


def _widen_try(block: Block, index: int) -> Block | None:
    statement = block[index]
    if isinstance(statement, ast.Try) and index + 1 < len(block):
        statement.body = [*statement.body, block[index + 1]]
        return [*block[: index + 1], *block[index + 2 :]]
    return None


def _swallow(block: Block, index: int) -> Block | None:
    """Errors of a wait are swallowed."""
    if _waits(block[index]) and isinstance(block[index], (ast.Expr, ast.Assign)):
        handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Return(None)])
        guarded = ast.Try([block[index]], [handler], [], [])
        return [*block[:index], guarded, *block[index + 1 :]]
    return None


def _lose_handler(block: Block, index: int) -> Block | None:
    statement = block[index]
    if isinstance(statement, ast.Try) and statement.handlers and not statement.finalbody:
        return [*block[:index], *statement.body, *statement.orelse, *block[index + 1 :]]
    return None


def _lose_branch(block: Block, index: int) -> Block | None:
    statement = block[index]
    if isinstance(statement, ast.If):
        return [*block[:index], *statement.orelse, *block[index + 1 :]]
    return None


def _take_branch(block: Block, index: int) -> Block | None:
    statement = block[index]
    if isinstance(statement, ast.If):
        return [*block[:index], *statement.body, *block[index + 1 :]]
    return None


def _negate(block: Block, index: int) -> Block | None:
    statement = block[index]
    if isinstance(statement, ast.If):
        statement.test = ast.UnaryOp(ast.Not(), statement.test)
        return list(block)
    return None


def _early_binding(block: Block, index: int) -> Block | None:
    """What is read from ``self`` after a wait is read before it."""
    if not index or not _waits(block[index - 1]) or _waits(block[index]):
        return None
    for node in ast.walk(block[index]):
        for field, value in ast.iter_fields(node):
            values = value if isinstance(value, list) else [value]
            for position, item in enumerate(values):
                if not _is_own_attribute(item) or field == "func":
                    continue
                where = (field, position if isinstance(value, list) else None)
                put(node, where, ast.Name("early", ast.Load()))
                saved = ast.Assign([ast.Name("early", ast.Store())], item)
                return [*block[: index - 1], saved, *block[index - 1 :]]
    return None


def _is_own_attribute(node: object) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    )


def _drop_wait(node: ast.expr) -> ast.expr | None:
    return _awaited(node)


def _wait_later(node: ast.expr) -> ast.expr | None:
    """``yield [f(), g()]`` becomes ``[(yield f()), (yield g())]``: one after the other."""
    value = _awaited(node)
    if isinstance(value, (ast.List, ast.Tuple)) and len(value.elts) > 1:
        return ast.List([_wait_like(node, item) for item in value.elts], ast.Load())
    return None


def _swap_elements(node: ast.expr) -> ast.expr | None:
    """Two results change places."""
    value = _awaited(node)
    if isinstance(value, (ast.List, ast.Tuple)) and len(value.elts) == 2:
        return _wait_like(node, ast.List(value.elts[::-1], ast.Load()))
    return None


def _error_behaviour(node: ast.expr) -> ast.expr | None:
    """``raise_error=False`` is forgotten."""
    if isinstance(node, ast.Call):
        kept = [word for word in node.keywords if word.arg != "raise_error"]
        if len(kept) < len(node.keywords):
            return ast.Call(node.func, node.args, kept)
    return None


def _other_text(node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        return ast.Constant(node.value + "x")
    return None


def _other_number(node: ast.expr) -> ast.expr | None:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return ast.Constant(node.value + 1)
    return None


def _swap_callbacks(node: ast.expr) -> ast.expr | None:
    """``self.on_a`` becomes ``self.on_b``."""
    if _is_own_attribute(node) and isinstance(node, ast.Attribute) and node.attr == "write":
        return ast.Attribute(node.value, "finish", ast.Load())
    if _is_own_attribute(node) and isinstance(node, ast.Attribute) and node.attr == "finish":
        return ast.Attribute(node.value, "write", ast.Load())
    return None


def _drop_override(class_: ast.ClassDef, index: int, names: list[str]) -> bool:
    """A method is gone; whoever is called instead is real Tornado's to say."""
    item = class_.body[index]
    if isinstance(item, FUNCTIONS) and item.name not in ("get", "post", "put", "delete"):
        class_.body[index] = ast.Pass()
        return True
    return False


def _swap_methods(class_: ast.ClassDef, index: int, names: list[str]) -> bool:
    """``self.on_a`` becomes ``self.on_b`` wherever this method names it."""
    others = [name for name in names if name.startswith("on_") and name != "on_finish"]
    swapped = False
    for node in ast.walk(class_.body[index]):
        if isinstance(node, ast.Attribute) and node.attr in others and len(others) > 1:
            node.attr = others[others.index(node.attr) - 1]
            swapped = True
    return swapped


def _fresh_default(class_: ast.ClassDef, index: int, names: list[str]) -> bool:
    """A mutable default becomes a new object for every call."""
    item = class_.body[index]
    assert isinstance(item, FUNCTIONS)
    for position, default in enumerate(item.args.defaults):
        if isinstance(default, (ast.List, ast.Dict, ast.Set)):
            argument = item.args.args[position - len(item.args.defaults)].arg
            assign = ast.Assign([ast.Name(argument, ast.Store())], default)
            name = ast.Name(argument, ast.Load())
            test = ast.Compare(name, [ast.Is()], [ast.Constant(None)])
            item.args.defaults[position] = ast.Constant(None)
            item.body.insert(0, ast.If(test, [assign], []))
            return True
    return False


METHOD_OPERATORS: dict[str, MethodOperator] = {
    "drop an override": _drop_override,
    "swap two callbacks": _swap_methods,
    "make a mutable default fresh": _fresh_default,
}
STATEMENT_OPERATORS: dict[str, StatementOperator] = {
    "move a statement after the wait": _move_rest_after_wait,
    "move a statement before the wait": _move_up_across_wait,
    "swap two waits": _swap_waits,
    "gather two waits": _gather,
    "drop a statement": _drop_statement,
    "do it twice": _twice,
    "finish early": _finish_early,
    "finish twice": _finish_twice,
    "never finish": _never_finish,
    "one more turn": _extra_turn,
    "return a result": _return_result,
    "return before the callback": _return_before,
    "narrow a try": _narrow_try,
    "widen a try": _widen_try,
    "swallow an error": _swallow,
    "lose an error handler": _lose_handler,
    "lose a branch": _lose_branch,
    "take the branch always": _take_branch,
    "negate a condition": _negate,
    "bind early": _early_binding,
}
EXPRESSION_OPERATORS: dict[str, ExpressionOperator] = {
    "drop the wait": _drop_wait,
    "serialise a fan-out": _wait_later,
    "swap two results": _swap_elements,
    "forget raise_error=False": _error_behaviour,
    "other text": _other_text,
    "other number": _other_number,
    "write instead of finish": _swap_callbacks,
}
