"""The notebooks as pages of the documentation: executed from empty, then rendered with their outputs.

`python -m geoservice.docs.notebooks [ADDRESS]` executes them against a service over the
demonstration data and writes `notebooks/<name>.html`; without an address they connect to whatever
`geoservice.connect()` connects to. The key that edits is read from `GEOSERVICE_KEY`. What Jupyter
left in the notebooks themselves (outputs, counts) is removed. A page loads nothing: pictures and
styles are in it, of a map that can be moved it shows the still picture. Knows nothing of what a
notebook does.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

SOURCES = Path(__file__).parents[2] / "notebooks"
PAGES = Path(__file__).parent / "notebooks"
ADDRESS = "http://127.0.0.1:8000"  # of a service as its documentation sees it
DIGEST_NAME = "notebook-digest"

_TEMPLATE = Path(__file__).parent / "notebook.html.j2"
_CELL_TIMEOUT_S = 120
_KERNEL_FILE = re.compile(r"\S*/ipykernel_\d+/\d+\.py:\d+: ")  # before the text of a warning
# Richest first among what needs no script; a widget needs one, and a kernel behind it.
_SHOWN = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain")


def source_files() -> list[Path]:
    """The notebooks in the order in which they are read."""
    return sorted(SOURCES.glob("*.ipynb"))


def page_file(source: Path) -> Path:
    """Where the page of a notebook is."""
    return PAGES / f"{source.stem}.html"


def read(source: Path) -> NotebookNode:
    """The notebook in a file."""
    notebook: NotebookNode = nbformat.read(source, as_version=4)
    return notebook


def cleared(notebook: NotebookNode) -> NotebookNode:
    """A notebook as it is kept: its cells as they are written, without what execution left behind."""
    kept: NotebookNode = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        metadata = {name: cell.metadata[name] for name in ("lang",) if name in cell.metadata}
        if cell.cell_type == "code":
            new = nbformat.v4.new_code_cell(cell.source, id=cell.id, metadata=metadata)
        else:
            new = nbformat.v4.new_markdown_cell(cell.source, id=cell.id, metadata=metadata)
        kept.cells.append(new)
    return kept


def text(notebook: NotebookNode) -> str:
    """A notebook as it stands in its file."""
    return f"{nbformat.writes(notebook)}\n"


def digest(notebook: NotebookNode) -> str:
    """A digest of what is written in a notebook; the same whether it was executed or not."""
    cells = [[cell.cell_type, cell.id, cell.source] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode()).hexdigest()


def executed(
    notebook: NotebookNode,
    folder: Path,
    environment: Mapping[str, str],
    *,
    kernel_arguments: Sequence[str] = (),
) -> NotebookNode:
    """A notebook with the outputs of a new kernel of this interpreter, which works in `folder`.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed; it tells which and how.
    """
    client = NotebookClient(
        cleared(notebook),
        kernel_name="python3",
        timeout=_CELL_TIMEOUT_S,
        store_widget_state=False,
        extra_arguments=["--log-level=ERROR", *kernel_arguments],
        resources={"metadata": {"path": str(folder)}},
    )
    return client.execute(env=dict(environment))


def page(notebook: NotebookNode, name: str, address: str = ADDRESS) -> str:
    """The page of an executed notebook.

    `address` is that of the service it was executed against; the page names the usual one instead.
    """
    exporter = HTMLExporter(
        config=Config({"NbConvertBase": {"display_data_priority": list(_SHOWN)}}),
        template_file=str(_TEMPLATE),
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    resources = {
        "name": name,
        "title": _title(notebook),
        "digest_name": DIGEST_NAME,
        "digest": digest(notebook),
    }
    html, _ = exporter.from_notebook_node(_still(notebook), resources)
    return f"{html.replace(address, ADDRESS).strip()}\n"


def _title(notebook: NotebookNode) -> str:
    """Its first headings, in both languages."""
    headings = [
        line.removeprefix("# ")
        for cell in notebook.cells
        for line in cell.source.splitlines()
        if cell.cell_type == "markdown" and line.startswith("# ")
    ]
    return " · ".join(headings[:2])


def _still(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what only a running kernel can show, and without its temporary files."""
    still: NotebookNode = nbformat.from_dict(notebook)
    still.metadata.pop("widgets", None)
    for cell in still.cells:
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data = {kind: output.data[kind] for kind in _SHOWN if kind in output.data}
            elif output.output_type == "stream":
                output.text = _KERNEL_FILE.sub("", output.text)
    return still


def main(arguments: Sequence[str]) -> int:
    """Clear, execute and render every notebook."""
    environment = dict(os.environ)
    if arguments:
        environment["GEOSERVICE_URL"] = arguments[0].rstrip("/")
    address = environment.get("GEOSERVICE_URL", ADDRESS)
    PAGES.mkdir(exist_ok=True)
    for source in source_files():
        notebook = cleared(read(source))
        source.write_text(text(notebook), "utf-8")
        outcome = executed(notebook, SOURCES, environment)
        page_file(source).write_text(page(outcome, source.stem, address), "utf-8")
        print(page_file(source).name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
