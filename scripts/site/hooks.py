"""What the site has beyond its pages: the reference of commands and settings, as a program makes it from the
code, and links to files of the repository."""

import os
import posixpath
import re
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

from mkdocs.structure.files import File

PLACE = "reference/commands"
# The program, or what builds and runs it.
BUILT = os.environ.get("REFERENCE")
PROGRAM = [BUILT] if BUILT else ["cargo", "run", "--release", "--quiet", "-p", "equipoise", "--example", "reference", "--"]

pages: dict[str, str] = {}


def on_config(config):
    """Makes the pages, and lists them first in the section of references."""
    root = Path(config.config_file_path).parent
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*PROGRAM, folder], check=True, cwd=root)
        made = sorted(Path(folder).glob("*.md"), key=lambda path: (path.name != "index.md", path.name))
        pages.update((f"{PLACE}/{path.name}", path.read_text()) for path in made)
    section = next(part["Reference"] for part in config.nav if "Reference" in part)
    section.insert(0, {"Commands and settings": list(pages)})
    return config


def on_files(files, config):
    """Adds the pages to those of the folder."""
    for place, text in pages.items():
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links out of the folder of the pages, to files of the repository, lead to where that is shown."""
    folder = PurePosixPath("docs", page.file.src_uri).parent

    def lead(match):
        path = posixpath.normpath(str(folder / match[1]))
        inside = path.startswith("docs/")
        return match[0] if inside else f"]({config.extra['repository']}/blob/main/{path})"

    return re.sub(r"\]\((\.\./[^)#\s]+)\)", lead, markdown)


def on_post_page(output, page, config):
    """The theme's search is a dialog, which has to have a name."""
    search = '<div class="md-search" data-md-component="search" role="dialog">'
    return output.replace(search, search.replace('role="dialog"', 'role="dialog" aria-label="Search"'))
