"""One page of the console in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page
    from tests.e2e.servers import Server

ROOT = Path(__file__).parents[3]
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"

PICTURES = ROOT / ".screenshots"
"""Of every page, to be looked at by people."""

TOUCH: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True,
}  # fmt: skip
"""A browser that is held in the hand."""

_ASKS_WHO = ("/v1/server/user", "/v1/session", "/v1/login")
"""Where a 401 is an answer; browsers write each to the console."""

_PASTE = """(editor, text) => {
  const clipboardData = new DataTransfer()
  clipboardData.setData('text/plain', text)
  const paste = {clipboardData, bubbles: true, cancelable: true}
  editor.dispatchEvent(new ClipboardEvent('paste', paste))
}"""


class Screen:
    """A page, and what went wrong on it.

    Attributes:
        expected: Parts of errors that the test brings about.
    """

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.expected: list[str] = []
        self._seen: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._seen.append(f"thrown: {error}"))

    def _hear(self, message: ConsoleMessage) -> None:
        url = message.location.get("url", "")
        asks = "401" in message.text and url.endswith(_ASKS_WHO)
        if message.type in {"error", "warning"} and not asks:
            self._seen.append(f"{message.text} at {url}")

    @property
    def errors(self) -> list[str]:
        return [one for one in self._seen if not any(part in one for part in self.expected)]

    @property
    def password(self) -> str:
        homes = [server.home for server in self.server.cluster.servers.values()]
        kept = next(home for home in homes if (home / "admin-password").exists())
        return (kept / "admin-password").read_text().strip()

    def log_in(self, password: str = "") -> None:
        self.page.get_by_label("Password").fill(password or self.password)
        self.page.get_by_role("button", name="Log in").click()
        expect(self.page.get_by_role("navigation")).to_be_visible()
        expect(self.strip).to_contain_text("this page:")

    @property
    def strip(self) -> Locator:
        return self.page.get_by_role("region", name="Who leads")

    def row(self, node: str) -> Locator:
        """Return a node's row of the HA status."""
        return self.page.locator(f"tr[data-node='{node}']").first

    def write(self, blueprint: str) -> None:
        """Put a blueprint into the editor in place of what is there, as from the clipboard."""
        editor = self.page.locator(".cm-content")
        editor.focus()
        self.page.keyboard.press("Control+A")
        editor.evaluate(_PASTE, blueprint)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def manage(self, node: str) -> Locator:
        """Open the dialog about a node; return it."""
        self.page.get_by_role("button", name=f"Manage {node}").click()
        expect(self.dialog.get_by_label("Priority")).to_be_focused()
        return self.dialog

    def focused(self) -> str:
        """Return the name of what has the focus."""
        return str(
            self.page.evaluate(
                "() => { let e = document.activeElement;"
                " return e.ariaLabel || e.labels?.[0]?.innerText || e.innerText || e.tagName }"
            )
        ).strip()

    def tab_to(self, name: str, most: int = 60) -> None:
        """Press Tab until something of that name has the focus."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.focused() == name:
                return
        raise AssertionError(f"{name} cannot be reached by Tab; at last: {self.focused()}")

    def look(self, name: str, *, whole: bool = True) -> None:
        """Take a picture, and make sure that what it shows can be used by everybody.

        Args:
            name: Of the picture; width and scheme follow it.
            whole: Whether it is of the whole page, not of what is seen at once.
        """
        width = (self.page.viewport_size or {"width": 0})["width"]
        is_dark = self.page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
        file = PICTURES / f"{name}-{width}-{'dark' if is_dark else 'light'}.png"
        self.page.screenshot(path=file, full_page=whole)
        found = self.violations()
        assert not found, f"{name}: {found}"
        wide = self.page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} wide"

    def look_at_all(self, name: str) -> None:
        """Take pictures of what is seen at once: wide and narrow, light and dark."""
        size = self.page.viewport_size
        for width, height in ((1440, 900), (390, 844)):
            self.page.set_viewport_size({"width": width, "height": height})
            for scheme in ("dark", "light"):
                self.page.emulate_media(color_scheme=scheme)
                self.look(name, whole=False)
        if size:
            self.page.set_viewport_size(size)

    def press(self, button: Locator) -> None:
        """Press a button, also if something may lie over it by now, such as the form of the login."""
        button.evaluate("button => button.click()")

    def violations(self) -> list[str]:
        """Return what axe finds against WCAG 2.2 AA."""
        self.page.evaluate(AXE.read_text())
        found: dict[str, Any] = self.page.evaluate(
            "() => axe.run(document, {preload: false, resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa',"
            " 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:150] for node in one['nodes'][:3]]}"
            for one in found["violations"]
        ]
