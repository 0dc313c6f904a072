"""Says which links of a built site lead nowhere, and what its pages load from elsewhere.

    python3 links.py SITE

The pages of `rust/`, which rustdoc checks, are led to but not looked at.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

LOADS = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("object", "data")}
# Links of a page to others of its kind load nothing.
NO_LOADS = {"canonical", "next", "prev", "edit"}


class Page(HTMLParser):
    """The links, the anchors, and what is loaded."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.loads = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors.update(value for name in ("id", "name") if (value := attributes.get(name)))
        for name, value in attributes.items():
            is_link = tag == "link" and name == "href" and attributes.get("rel") not in NO_LOADS
            if (tag, name) in LOADS or is_link:
                self.loads.append(value or "")
            elif tag == "a" and name == "href":
                self.links.append(value or "")


def main(site):
    pages = {
        path: Page(path.read_text())
        for path in site.rglob("*.html")
        if path.relative_to(site).parts[0] != "rust"
    }
    faults = []
    for path, page in pages.items():
        here = "/" + path.relative_to(site).as_posix()
        for link in page.loads + page.links:
            parts = urlsplit(urljoin(here, link))
            if parts.scheme or parts.netloc:
                if link in page.loads and parts.scheme != "data":
                    faults.append(f"{here} loads {link}")
                continue
            target = site / unquote(parts.path).lstrip("/")
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                faults.append(f"{here}: {link} leads nowhere")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                faults.append(f"{here}: {link}: no such place")
    count = sum(len(page.links) for page in pages.values())
    print(*faults, f"{len(pages)} pages, {count} links, {len(faults)} faults", sep="\n")
    return 1 if faults or count < 500 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
