"""Build the documentation into site/, then check it: every link leads somewhere, and no page fetches anything."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[1]
FETCHES = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
}
FETCHING_RELS = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
}


class Page(HTMLParser):
    """The anchors of one page, the places it points to, and what a browser would fetch to show it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what one tag names, points to, or fetches."""
        given = {name: value for name, value in attrs if value is not None}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag in FETCHES and FETCHES[tag] in given:
            self.fetched.append(given[FETCHES[tag]])
        if tag == "link" and FETCHING_RELS & set(given.get("rel", "").split()):
            self.fetched.append(given.get("href", ""))


def faults(site: Path) -> list[str]:
    """One line for each link without a target and each thing that would be fetched from elsewhere."""
    pages = {path.resolve(): Page(path) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        here = path.relative_to(site.resolve())
        found += [f"{here}: fetches {target}" for target in page.fetched if urlsplit(target).netloc]
        for target in [*page.links, *page.fetched]:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            aim = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            aim = aim / "index.html" if aim.is_dir() else aim
            if not aim.is_file():
                found.append(f"{here}: {target} leads nowhere")
            elif (
                parts.fragment
                and aim in pages
                and unquote(parts.fragment) not in pages[aim].anchors
            ):
                found.append(f"{here}: {target} has no such anchor")
    if not pages:
        found.append(f"{site}: no page was built")
    return found


def main() -> int:
    """Build, check, say what came out."""
    site = ROOT / "site"
    build = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--clean",
        "--site-dir",
        str(site),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    if subprocess.run(build, cwd=ROOT, env=environment, check=False).returncode:
        return 1
    (site / "404.html").unlink(missing_ok=True)  # for servers only; a folder has none
    found = faults(site)
    for fault in found:
        print(fault, file=sys.stderr)
    print(
        f"docs: {len(list(site.rglob('*.html')))} pages in site/, {len(found)} faults; open site/index.html"
    )
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
