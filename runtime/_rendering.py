"""The part of `RequestHandler` about templates: rendering is an effect with name and arguments.

The template engine is not here. What a page would contain is written as one line that names the
template, so that a response shows which one was rendered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import choices
from .escape import utf8
from .util import ObjectDict

if TYPE_CHECKING:
    from ._application import Application
    from ._serverrequest import HTTPServerRequest

__all__ = ["Renderer", "TemplateModule", "UIModule"]


class Renderer:
    """``render`` and what belongs to it."""

    application: Application
    request: HTTPServerRequest
    _finished: bool

    @property
    def ui(self) -> dict[str, Any]:
        """The application's ``ui_methods``, bound to this handler, and its ``ui_modules``."""
        if not hasattr(self, "_ui"):
            methods = self.application.ui_methods.items()
            self._ui = ObjectDict(
                {name: self._ui_method(method) for name, method in methods},
                modules=ObjectDict(
                    {
                        name: self._ui_module(name, module)
                        for name, module in self.application.ui_modules.items()
                    }
                ),
            )
        return self._ui

    def render(self, template_name: str, **kwargs: Any) -> Any:
        """Finish with a rendered template; RuntimeError after `finish`."""
        if self._finished:
            raise RuntimeError("Cannot render() after finish()")
        html = self.render_string(template_name, **kwargs)
        return self.finish(html)  # type: ignore[attr-defined]

    def render_string(self, template_name: str, **kwargs: Any) -> bytes:
        """Record that a template is rendered with these arguments; a line naming it comes back."""
        self.get_template_namespace()
        choices.record("render", str(template_name), kwargs)
        return utf8(f"<!-- template {template_name} -->")

    def get_template_namespace(self) -> dict[str, Any]:
        """Return the names that every template sees. Override me."""
        namespace = {
            "handler": self,
            "request": self.request,
            "current_user": self.current_user,  # type: ignore[attr-defined]
            "locale": self.locale,  # type: ignore[attr-defined]
            "_": self.locale.translate,  # type: ignore[attr-defined]
            "pgettext": self.locale.pgettext,  # type: ignore[attr-defined]
            "translate": self.locale.translate,  # type: ignore[attr-defined]
            "static_url": self.static_url,
            "xsrf_form_html": self.xsrf_form_html,  # type: ignore[attr-defined]
            "reverse_url": self.reverse_url,  # type: ignore[attr-defined]
        }
        namespace.update(self.ui)
        return namespace

    def create_template_loader(self, template_path: str | None) -> Any:
        """Return the ``template_loader`` setting; there is no template engine to make one with."""
        loader = self.application.settings.get("template_loader")
        if loader is None:
            raise NotImplementedError(
                "the bundled runtime has no template engine: render() is recorded, not carried out"
            )
        return loader

    def get_template_path(self) -> str | None:
        """Return the ``template_path`` setting. Override me."""
        path: str | None = self.application.settings.get("template_path")
        return path

    def static_url(self, path: str, include_host: bool | None = None, **kwargs: Any) -> str:
        """Return the address of a static file, without the version (no file is read)."""
        self.require_setting("static_path", "static_url")  # type: ignore[attr-defined]
        if include_host is None:
            include_host = getattr(self, "include_host", False)
        prefix = self.application.settings.get("static_url_prefix", "/static/")
        base = f"{self.request.protocol}://{self.request.host}" if include_host else ""
        return f"{base}{prefix}{path}"

    def _ui_method(self, method: Any) -> Any:
        return lambda *args, **kwargs: method(self, *args, **kwargs)

    def _ui_module(self, name: str, module: Any) -> Any:
        def render(*args: Any, **kwargs: Any) -> Any:
            return module(self).render(*args, **kwargs)

        return render


class UIModule:
    """A part of a page that knows its handler; `render` returns its HTML."""

    def __init__(self, handler: Any) -> None:
        self.handler = handler
        self.request = handler.request
        self.ui = handler.ui
        self.locale = handler.locale

    @property
    def current_user(self) -> Any:
        """The handler's user."""
        return self.handler.current_user

    def render(self, *args: Any, **kwargs: Any) -> Any:
        """Return this module's HTML. Override me."""
        raise NotImplementedError()

    def embedded_javascript(self) -> str | None:
        """Return JavaScript for the page. Override me."""
        return None

    def javascript_files(self) -> Any:
        """Return addresses of JavaScript files. Override me."""
        return None

    def embedded_css(self) -> str | None:
        """Return CSS for the page. Override me."""
        return None

    def css_files(self) -> Any:
        """Return addresses of CSS files. Override me."""
        return None

    def html_head(self) -> str | None:
        """Return HTML for the end of the head. Override me."""
        return None

    def html_body(self) -> str | None:
        """Return HTML for the end of the body. Override me."""
        return None

    def render_string(self, path: str, **kwargs: Any) -> Any:
        """Render a template as the handler does."""
        return self.handler.render_string(path, **kwargs)


class TemplateModule(UIModule):
    """The module that renders a template: ``{% module Template("entry.html") %}``."""

    def render(self, path: str, **kwargs: Any) -> Any:
        """Render the template ``path``."""
        return self.render_string(path, **kwargs)
