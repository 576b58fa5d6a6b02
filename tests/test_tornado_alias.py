"""``tornado`` as another name for the runtime."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from uncallback.runtime import generation, tornado_alias


@pytest.fixture
def alias() -> Iterator[None]:
    before = set(sys.modules), list(sys.meta_path)
    with tornado_alias.installed():
        yield
    assert not [n for n in set(sys.modules) - before[0] if n.partition(".")[0] == "tornado"]
    assert sys.meta_path == before[1]


@pytest.mark.parametrize("name", ["gen", "ioloop", "concurrent", "web", "httpclient", "testing"])
def test_same_module(alias: None, name: str) -> None:
    aliased = importlib.import_module(f"tornado.{name}")
    own = importlib.import_module(f"uncallback.runtime.{name}")
    assert aliased is own
    assert own.__name__ == f"uncallback.runtime.{name}"
    assert own.__spec__ is not None
    assert own.__spec__.name == f"uncallback.runtime.{name}"


def test_forms_of_import(alias: None) -> None:
    namespace: dict[str, object] = {}
    exec(
        "import tornado, tornado.web as tw\n"
        "from tornado import gen, ioloop\n"
        "from tornado.gen import coroutine as co\n"
        "same = (tornado.gen is gen, tornado.web is tw, gen.coroutine is co)",
        namespace,
    )
    assert namespace["same"] == (True, True, True)


@pytest.mark.parametrize(
    "name", ["platform.twisted", "_runner", "generation", "choices", "nothing.at.all"]
)
def test_missing_modules_are_named(alias: None, name: str) -> None:
    with pytest.raises(
        ModuleNotFoundError, match=rf"No module named 'tornado\.{name.split('.')[0]}"
    ):
        importlib.import_module(f"tornado.{name}")


def test_what_a_generation_does_not_have(alias: None) -> None:
    import tornado  # type: ignore[import-not-found,unused-ignore]
    import tornado.stack_context  # type: ignore[import-not-found,unused-ignore]

    assert tornado.version_info[0] == 4
    with generation.use(6):
        assert tornado.version_info[0] == 6
        with pytest.raises(ModuleNotFoundError, match="gone in Tornado 6"):
            importlib.import_module("tornado.stack_context")
        with pytest.raises(ImportError, match="engine"):
            exec("from tornado.gen import engine")
    exec("from tornado.gen import engine\nimport tornado.stack_context")


def test_a_real_tornado_is_hidden_and_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    real, real_gen = ModuleType("tornado"), ModuleType("tornado.gen")
    monkeypatch.setitem(sys.modules, "tornado", real)
    monkeypatch.setitem(sys.modules, "tornado.gen", real_gen)
    with tornado_alias.installed():
        with tornado_alias.installed():
            assert importlib.import_module("tornado.gen") is not real_gen
        assert importlib.import_module("tornado") is not real
    assert sys.modules["tornado"] is real
    assert sys.modules["tornado.gen"] is real_gen


def test_further_packages(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "helper.py").write_text(
        "from tornado import gen\nfrom . import __name__ as parent\n"
    )
    with tornado_alias.installed({"tornado.test": str(tmp_path)}):
        helper = importlib.import_module("tornado.test.helper")
        assert helper.parent == "tornado.test"
        assert helper.gen is sys.modules["uncallback.runtime.gen"]
    assert "tornado.test.helper" not in sys.modules


def test_uninstalled_without_install() -> None:
    with pytest.raises(RuntimeError, match="not installed"):
        tornado_alias.uninstall()
