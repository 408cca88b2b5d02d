"""A page as browsers write it out again: what `document.documentElement.outerHTML` gives of it.

A phone that has just loaded a survey's page can keep what it has instead of loading the same once more, if the server
can say what that must be, by its hash. The templates write well-formed HTML (every element closed, nothing nested that
may not be); a test holds this module against Chromium. Where a browser writes otherwise the hashes differ, and the
phone loads the page. Source: HTML standard, section 13.3, serialising HTML fragments.
"""

from __future__ import annotations

from html.parser import HTMLParser

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_RAW = frozenset({"script", "style"})
_DROPS_FIRST_LINE_BREAK = frozenset({"textarea", "pre"})
_ENDS = ("</body>", "</html>")


def as_browsers_write(page: str) -> str:
    """Return a page as browsers write it.

    Args:
        page: A whole HTML document with a doctype and every optional tag written.

    Returns:
        `<!doctype html>` and the element `html`, with a line break between and none at the end.
    """
    writer = _Writer()
    writer.feed(page)
    writer.close()
    # What stands after the body belongs to it once it is parsed.
    ends = "".join(_ENDS)
    after = "".join(writer.late)
    return f"<!doctype html>\n{''.join(writer.parts)}{after}{ends}"


class _Writer(HTMLParser):
    """Writes what it reads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.late: list[str] = []
        self._raw = False
        self._dropping = False
        self._seen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write a start tag; its names as they stand in the source, since SVG has capitals in some."""
        source = self.get_starttag_text() or ""
        written = "".join(f' {_cased(name, source)}="{_attribute(value or "")}"' for name, value in attrs)
        self.parts.append(f"<{tag}{written}>")
        self._raw, self._dropping, self._seen = tag in _RAW, tag in _DROPS_FIRST_LINE_BREAK, tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write an element that closes itself, as pictures in the page do."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """Write an end tag, unless it is one of the two that stand at the very end."""
        self._raw = self._dropping = False
        self._seen = f"/{tag}"
        if f"</{tag}>" not in _ENDS:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Write text."""
        if self._dropping:
            data = data.removeprefix("\n")
            self._dropping = False
        if self._seen in ("", "html"):
            # Blanks before the head are no part of the document.
            data = data.lstrip()
        text = data if self._raw else _text(data)
        (self.late if self._seen in ("/body", "/html") else self.parts).append(text)


def _cased(name: str, source: str) -> str:
    at = source.lower().find(f" {name}=")
    return source[at + 1 : at + 1 + len(name)] if at >= 0 else name


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("\u00a0", "&nbsp;").replace("<", "&lt;").replace(">", "&gt;")


def _attribute(text: str) -> str:
    # The newest browsers write < and > in attributes otherwise than older ones; the pages have none.
    return text.replace("&", "&amp;").replace("\u00a0", "&nbsp;").replace('"', "&quot;")
