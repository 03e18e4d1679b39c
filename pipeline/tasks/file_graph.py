"""The files of a root task of a date, and what each of them needs."""

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.catalog import Plan
from pipeline.errors import NotPossible
from pipeline.paths import Layout
from pipeline.roots import PAGES_TASK, Root
from pipeline.tasks.graph import graphs


class File(NamedTuple):
    """A file in the graph of a root task: its task, as `GenreMovies(horror)`, and what it needs."""

    task: str
    needs: set[str]


def files_of(root: Root, date: datetime.date, layout: Layout, plan: Plan) -> dict[str, File]:
    """Return the files of a root task of a date, its page, its export and the index, by names."""
    page, index = (layout.relative(path) for path in (root.page(layout, date), layout.index_page))
    document = layout.relative(root.document(layout, date))
    files = {page: File(root.page_task, {document}), index: File(PAGES_TASK, {page})}
    nodes = graphs(root.family, date, layout.root, plan)
    (whole,) = nodes
    sources = {each["file"] for each in whole["requires"]}
    files[layout.relative(root.export(layout, date))] = File(root.export_task, sources)
    while nodes:
        node = nodes.pop()
        if node["file"] is None:
            raise NotPossible(node["problem"])
        files[node["file"]] = File(node["task"], {each["file"] for each in node["requires"]})
        nodes += node["requires"]
    return files


def with_downstream(files: Mapping[str, File], chosen: set[str]) -> set[str]:
    """Return the chosen files and every file that needs one of them."""
    added = {name for name, file in files.items() if file.needs & chosen} - chosen
    return with_downstream(files, chosen | added) if added else chosen
