"""Loads one version: its text is parsed once, and executed afresh whenever its state may differ.

Executing a module costs more than running a handler, so it is only done again when the run before
has changed something that a later run could see (``shared.Watch`` tells).
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from .. import generation, httpclient, web
from ..web import RequestHandler
from . import circumstances
from .anatomy import WEBSOCKET, Anatomy
from .catalogue import Catalogue
from .circumstances import Circumstances
from .earlier import WRAPPER
from .graph import Codes
from .harvest import VERBS, Harvest, harvest
from .importer import Importer
from .machine import DRAWN
from .mixins import mixed_in
from .moments import Moments, Observer
from .outside import OutsideError
from .patches import patched
from .shared import Watch
from .sources import Source, Sources
from .tape import Recorder
from .trace import Outline, Unloadable, Version
from .turns import RunLoop

_MOST_OTHERS = 6


def load(version: Version) -> LoadedVersion:
    """Parse and execute a version once; raises ``Unloadable``."""
    try:
        tree = _parsed(version.source, version.path)
        other = _parsed(version.other or b"", version.path)
    except (SyntaxError, ValueError) as error:
        raise Unloadable(f"{version.path} does not parse as Python 3: {error}") from None
    found = harvest(tree, version.source, version.path)
    elsewhere = harvest(other, version.other, version.path) if version.other else found
    program = LoadedVersion(version, Anatomy.of(tree, other), found, elsewhere)
    program.refresh()
    return program


class LoadedVersion:
    """One version, ready to run: a ``trace.Program``."""

    def __init__(
        self, version: Version, anatomy: Anatomy, found: Harvest, elsewhere: Harvest
    ) -> None:
        self.version = version
        self.anatomy = anatomy
        self.harvest = found.merge(elsewhere)
        self.loop = RunLoop.fresh()
        self.catalogue = Catalogue.of(
            version.operations, self.harvest.dotted | self.harvest.imported, version.assume_once
        )
        self.failures: dict[str, Any] = {}
        self.classes: dict[str, type] = {}
        self.mixins: dict[str, type] = {}
        """Classes that are no handlers, where ``classes`` has handlers made of them."""
        self.shares = False
        """Whether requests share something that the code changes, in this version or the other."""
        self.unseen = False
        """Whether that may be something which only a further request shows."""
        self.wraps = False
        """Whether handlers have ``earlier.WRAPPER``, as the first version was written for it."""
        self.fixed: frozenset[str] = frozenset()
        """Environment variables that this version or the other reads when it is imported."""
        self.namespace: dict[str, Any] = {}
        self._named = found.attributes
        self._source = Source(version.path, version.source)
        self._watch: Watch | None = None
        self._moments: Moments | None = None
        self._codes = Codes()
        shared = Harvest(
            undefined=found.undefined & elsewhere.undefined,
            imported=found.imported & elsewhere.imported,
            attributes=found.attributes & elsewhere.attributes,
        )
        self._importer = Importer(
            Sources(
                {**version.project, version.path: version.source},
                Path(version.root) if version.root else None,
                version.path,
            ),
            real=frozenset(version.imports),
            shared=shared,
            entry=version.path,
        )

    @cached_property
    def handlers(self) -> tuple[str, ...]:
        """Dotted names of the handlers: verbs, ``prepare``, and what is decorated as one."""
        return tuple(self.anatomy.handlers(self.classes))

    @cached_property
    def locate(self) -> Mapping[str, str]:
        """File names in code objects to paths; they are the same here."""
        return {path: path for path in self._importer.lines}

    def serves(self, owner: str) -> bool:
        """Whether there is a class ``owner`` that answers requests."""
        kind = self.classes.get(owner)
        return kind is not None and issubclass(kind, RequestHandler)

    def outline(self, handler: str) -> Outline:
        """What can be known about ``handler`` without running it."""
        path = self.version.path
        lines, operations = self.anatomy.outline(handler, self._starts, self._hands_over)
        held = self.anatomy.held(handler, self._importer.functions)
        if self.harvest.frames:
            held.add("the frames of tracebacks")
        if (owner := handler.rpartition(".")[0]) in self.mixins:
            held.add(f"what {owner} is mixed into")
        return Outline(
            lines=frozenset((path, line) for line in lines),
            operations={(path, line): name for line, name in operations.items()},
            held=tuple(sorted(held)),
        )

    def _starts(self, name: str, text: str | None) -> bool:
        return name == "fetch" or self.catalogue.starts(name, text)

    def _hands_over(self, name: str, text: str | None) -> bool:
        return name in self.catalogue.of_tornado or self.catalogue.starts(name, text)

    @property
    def lines(self) -> dict[int, None]:
        """The lines of the version's file that ran since this was last cleared."""
        return self._importer.lines[self.version.path]

    @property
    def watch(self) -> Watch:
        """The state that outlives a request."""
        assert self._watch is not None
        return self._watch

    @property
    def late(self) -> bool:
        """Whether a module was executed during the run, so that nobody watches its state."""
        return self._importer.late

    def observer(self, here: Circumstances, recorder: Recorder) -> Observer | None:
        """What notes where a run stands; ``None`` where modules have state that is not watched."""
        if self.version.imports or self._importer.late:
            return None
        if self._moments is None:
            modules = self._importer.modules
            texts = {path: self._importer.sources.read(path) or b"" for path in modules}
            names = (module.__name__ for module in modules.values())
            self._moments = Moments(texts, names, self._codes)
        lines = self._importer.lines
        options = self._importer.options
        return Observer(self._moments, self.watch, self.loop, here, recorder, lines, options)

    def refresh(self) -> None:
        """Make the module state fresh: execute everything again if the last run has changed it."""
        if self._watch is not None and not self._watch.stale and not self._importer.late:
            return
        here = Circumstances(self.harvest, self.catalogue)
        before = circumstances.begin(here)
        generation.switch(self.version.tornado)
        self.loop.reset()
        try:
            self._execute()
            self.harvest = here.harvest
            self.fixed |= here.fixed
            if not DRAWN.isdisjoint(here.counts):  # the same for all requests, as they will show
                self.shares = self.unseen = True
        finally:
            circumstances.begin(before)

    def _execute(self) -> None:
        self._importer.forget()
        try:
            with patched():
                module = self._importer.execute(self._source)
                self._importer.execute_dependents(self.anatomy.classes)
                inner = self._importer.inner_classes
                self.classes = self.anatomy.resolve(module, inner)
                self.mixins = mixed_in(self.classes, self.anatomy.marked, module)
        except Exception as error:
            raise Unloadable(
                f"{self.version.path} cannot be imported: {type(error).__name__}: {error}"
            ) from error
        except SystemExit as error:
            raise Unloadable(f"{self.version.path} exits when it is imported ({error})") from error
        self.namespace = module.__dict__
        self.failures = self._failures()
        self._watch = Watch(self._importer.modules.values())
        self._moments = None
        self.unseen = self.unseen or self._watch.unseen
        self.shares = self.shares or self._watch.shares(self.harvest.mutated)

    def meet(self, other: LoadedVersion) -> None:
        """Share with ``other``, the second version, what both of them have to find alike.

        That is: whether further requests come, and what only earlier Tornados had.
        """
        both = (self, other)
        shares = any(each.shares or each.watch.shares(each.harvest.mutated) for each in both)
        unseen = any(each.unseen for each in both)
        fixed = self.fixed | other.fixed
        for each in both:
            each.shares, each.unseen, each.fixed = shares, unseen, fixed
            each.wraps = WRAPPER in self._named

    def others(self, owner: str) -> list[tuple[str, type, str]]:
        """Requests that may come meanwhile: label, class and verb; those to ``owner`` first."""
        if not self.shares:
            return []
        names = sorted(self.handlers, key=lambda name: (not name.startswith(f"{owner}."), name))
        found = {}
        for name in names[:_MOST_OTHERS]:
            kind, _, verb = name.rpartition(".")
            if verb in VERBS and kind in self.classes:
                found[f"{verb.upper()} to {kind}"] = (self.classes[kind], verb)
            elif verb in WEBSOCKET:
                found[f"a websocket to {kind}"] = (self.classes[kind], "get")
        return [(label, *which) for label, which in found.items()]

    def servers(self, owner: str) -> list[tuple[str, type]]:
        """The class ``owner`` and its subclasses in the project, which may serve in its place."""
        kind = self.classes[owner]
        waiting: list[type] = list(self.mixins.get(owner, kind).__subclasses__())
        if not waiting:
            return [(owner, kind)]
        below: dict[str, type] = {}
        while waiting:
            each = waiting.pop()
            waiting.extend(each.__subclasses__())
            if each is not kind and issubclass(each, RequestHandler):
                below[each.__qualname__.replace(".<locals>", "")] = each
        return [(owner, kind), *sorted(below.items())]

    def _failures(self) -> dict[str, Any]:
        """What a stand-in may raise: an error of its own, and what the code catches by name."""
        found: dict[str, Any] = {"OutsideError": OutsideError}
        for name in sorted(self.harvest.caught):
            kind = _evaluate(name, self.namespace)
            for each in kind if isinstance(kind, tuple) else (kind,):
                if isinstance(each, type) and issubclass(each, Exception) and _takes_text(each):
                    found[each.__name__] = _with_status(each)
        return found


def _parsed(source: bytes, path: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source, filename=path)


def _evaluate(name: str, namespace: Mapping[str, Any]) -> Any:
    first, *rest = name.split(".")
    value = namespace.get(first, namespace["__builtins__"].get(first))
    for part in rest:
        value = getattr(value, part, None)
    return value


def _with_status(kind: type[Exception]) -> Callable[[str], Exception]:
    """``kind`` as what takes a text: Tornado's HTTP errors want a status before it."""
    for status, known in ((500, web.HTTPError), (599, httpclient.HTTPError)):
        if kind.__init__ is known.__init__:
            return partial(kind, status)
    return kind


def _takes_text(kind: type) -> bool:
    try:
        kind("text")
    except Exception:
        return False
    return True
