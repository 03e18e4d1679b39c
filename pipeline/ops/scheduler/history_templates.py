"""The history's pages. The look is luigi's; no script, nothing from elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import tornado.template
from tornado.escape import url_escape

from pipeline.ops.scheduler.events import Run

_COLORS = {"FAILED": "danger", "DISABLED": "danger", "DONE": "success", "RUNNING": "info"}

_LAYOUT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>Luigi Task History</title>
<link href="{{ static_url('visualiser/lib/bootstrap3/css/bootstrap.min.css') }}" rel="stylesheet">
</head>
<body>
<div class="container-fluid">
{% block content %}{% end %}
</div>
</body>
</html>
"""

_RUNS = """{% extends "layout.html" %}
{% block content %}
<h2>Luigi Task History</h2>
<p><a href="/history">All runs</a> · <a href="/static/visualiser/index.html">Task list</a>
· Times are UTC{% if title %} · {{ title }}{% end %}</p>
{% if not runs %}<p>Nothing is recorded here.</p>{% else %}
<table class="table table-striped table-bordered table-condensed">
<thead><tr><th>Name</th><th>Host</th><th>Started</th><th>Ended</th><th>Took</th><th>Status</th>
<th>Attempt</th><th>Parameters</th><th>Reason</th></tr></thead>
<tbody>
{% for run in runs %}
<tr class="{{ color(run.outcome) }}">
<td><a href="{{ task_url(run.task_id) }}">{{ run.family }}</a></td>
<td>{{ run.host or "" }}</td>
<td>{{ utc(run.started_at) }}</td>
<td>{{ utc(run.ended_at) }}</td>
<td>{{ took(run) }}</td>
<td>{{ run.outcome }}</td>
<td>{{ run.attempt or "" }}</td>
<td>{% for name, value in run.params.items() %}{{ name }}={{ value }}<br>{% end %}</td>
<td>{{ run.reason or "" }}</td>
</tr>
{% end %}
</tbody>
</table>
{% if older %}<p><a href="{{ older }}">Older</a></p>{% end %}
{% end %}
{% end %}
"""

_TASK = """{% extends "layout.html" %}
{% block content %}
<h2>{{ task.family }}</h2>
<p><a href="/history">All runs</a> ·
<a href="{{ family_url(task.family) }}">All "{{ task.family }}" runs</a>
· Times are UTC</p>
<table class="table table-bordered table-condensed">
<tbody>
<tr><td>Task Id</td><td>{{ task.task_id }}</td></tr>
<tr><td>Host</td><td>{{ task.host or "" }}</td></tr>
{% for name, value in task.params.items() %}
<tr><td>{{ name }}</td><td>{{ value }}</td></tr>
{% end %}
</tbody>
</table>
<table class="table table-striped table-bordered table-condensed">
<thead><tr><th>Status</th><th>Time</th><th>Attempt</th><th>Reason</th></tr></thead>
<tbody>
{% for event in events %}
<tr class="{{ color(event.name) }}"><td>{{ event.name }}</td><td>{{ utc(event.at) }}</td>
<td>{{ event.attempt or "" }}</td><td>{{ event.reason or "" }}</td></tr>
{% end %}
</tbody>
</table>
{% if older %}<p><a href="{{ older }}">Older</a></p>{% end %}
{% end %}
"""

_SENTENCE = """{% extends "layout.html" %}
{% block content %}
<h2>Luigi Task History</h2>
<p>{{ sentence }}</p>
<p><a href="/history">All runs</a></p>
{% end %}
"""

LOADER = tornado.template.DictLoader(
    {"layout.html": _LAYOUT, "runs.html": _RUNS, "task.html": _TASK, "sentence.html": _SENTENCE},
    autoescape="xhtml_escape",
)


def utc(at: datetime | None) -> str:
    """Return an instant to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def took(run: Run) -> str:
    """Return a run's duration, like 1:02:03 or 4.2 s."""
    if run.started_at is None or run.ended_at is None:
        return ""
    seconds = (run.ended_at - run.started_at).total_seconds()
    minutes, rest = divmod(round(seconds), 60)
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def color(outcome: str) -> str:
    """Return the class of Bootstrap's for such a row."""
    return _COLORS.get(outcome, "")


def task_url(task_id: str) -> str:
    """Return the address of a task's page."""
    return f"/history/by_task_id/{url_escape(task_id, plus=False)}"


def family_url(family: str) -> str:
    """Return the address of the runs of one kind of task."""
    return f"/history/by_name/{url_escape(family, plus=False)}"


CALLABLE: dict[str, Any] = {
    "utc": utc,
    "took": took,
    "color": color,
    "task_url": task_url,
    "family_url": family_url,
}
"""The functions that the templates can call."""
