"""The week in dlt: a declared REST source, DuckDB as the destination, the files from its dataset.

DuckDB because dlt makes rows unique by merging on a primary key, and a folder of plain files cannot
merge. The nine resources run in dlt's thread pool of five, its default; its own client tries again
after a 429.
"""

from __future__ import annotations

import os

import dlt
from dlt.destinations import duckdb
from dlt.sources.rest_api import EndpointResource, RESTAPIConfig, rest_api_source
from movies import COMMON, WEEK, MovieList, folder


def resource(movies: MovieList) -> EndpointResource:
    """Describe one list as dlt's REST source wants it."""
    return {
        "name": movies.name,
        "endpoint": {
            "path": movies.path,
            "params": movies.parameters,
            "data_selector": "results",
            "paginator": {
                "type": "page_number",
                "base_page": 1,
                "total_path": "total_pages",
                "maximum_page": movies.pages + 1,
            },
        },
        "processing_steps": [{"filter": lambda row: row["vote_average"] >= movies.least_rating}],
    }


def source() -> RESTAPIConfig:
    """Describe the week."""
    return {
        "client": {
            "base_url": os.environ["TMDB_API_URL"],
            "auth": {
                "type": "api_key",
                "name": "api_key",
                "api_key": os.environ["TMDB_API_KEY"],
                "location": "query",
            },
        },
        "resource_defaults": {
            "primary_key": "id",
            "write_disposition": "merge",
            "max_table_nesting": 0,
            "endpoint": {"params": COMMON},
        },
        "resources": [resource(movies) for movies in WEEK.values()],
    }


def export(pipeline: dlt.Pipeline) -> None:
    """Write the lists, and the week with each movie once, as DuckDB writes JSON."""
    (folder() / "lists").mkdir(exist_ok=True)
    each = " UNION ALL BY NAME ".join(
        f"SELECT {rank} AS rank, * FROM {name}" for rank, name in enumerate(WEEK)
    )
    once = f"SELECT DISTINCT ON (id) * EXCLUDE (rank) FROM ({each}) ORDER BY id, rank"
    with pipeline.sql_client() as client:
        for name in WEEK:
            client.execute_sql(_copied(f"SELECT * FROM {name}", f"lists/{name}.json"))
        client.execute_sql(_copied(once, "consolidated.json"))


def _copied(query: str, file: str) -> str:
    movies = f"SELECT * EXCLUDE (_dlt_id, _dlt_load_id) FROM ({query})"
    return f"COPY ({movies}) TO '{folder() / file}' (FORMAT json, ARRAY true)"


if __name__ == "__main__":
    folder().mkdir(parents=True, exist_ok=True)
    week = dlt.pipeline(
        pipeline_name="week",
        pipelines_dir=str(folder() / "dlt"),
        destination=duckdb(str(folder() / "week.duckdb")),
        dataset_name="movies",
    )
    print(week.run(rest_api_source(source(), parallelized=True)))
    export(week)
