"""The statements of the task history. The tables are luigi's own, and one of ours beside them."""

from __future__ import annotations

TABLES = (
    """CREATE TABLE IF NOT EXISTS tasks (
        id SERIAL PRIMARY KEY, task_id VARCHAR(200), name VARCHAR(128), host VARCHAR(128))""",
    """CREATE TABLE IF NOT EXISTS task_parameters (
        task_id INTEGER NOT NULL REFERENCES tasks (id), name VARCHAR(128) NOT NULL, value TEXT,
        PRIMARY KEY (task_id, name))""",
    """CREATE TABLE IF NOT EXISTS task_events (
        id SERIAL PRIMARY KEY, task_id INTEGER REFERENCES tasks (id), event_name VARCHAR(20),
        ts TIMESTAMP NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS task_failures (
        id SERIAL PRIMARY KEY,
        task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
        event_id INTEGER NOT NULL UNIQUE REFERENCES task_events (id) ON DELETE CASCADE,
        attempt INTEGER, reason TEXT)""",
    "CREATE INDEX IF NOT EXISTS ix_tasks_task_id ON tasks (task_id)",
    "CREATE INDEX IF NOT EXISTS ix_tasks_name ON tasks (name)",
    "CREATE INDEX IF NOT EXISTS ix_task_events_task_id ON task_events (task_id)",
    "CREATE INDEX IF NOT EXISTS ix_task_events_ts ON task_events (ts)",
    "CREATE INDEX IF NOT EXISTS ix_task_events_task_ts ON task_events (task_id, ts, id)",
    "CREATE INDEX IF NOT EXISTS ix_task_failures_task_id ON task_failures (task_id)",
)

HISTORY_TABLES = ("tasks", "task_parameters", "task_events", "task_failures")
"""The tables by name, each after those that it refers to."""

RELATIONS = [
    *HISTORY_TABLES,
    *("ix_tasks_task_id", "ix_tasks_name", "ix_task_events_task_id", "ix_task_events_ts"),
    *("ix_task_events_task_ts", "ix_task_failures_task_id"),
]
"""The tables and indexes. Where they exist, nothing is created and no table locked."""

IS_COMPLETE = """
    SELECT bool_and(to_regclass(name) IS NOT NULL)
    FROM unnest(CAST(:relations AS text[])) AS wanted (name)"""

LOCK = "SELECT pg_advisory_xact_lock(20160903, 82)"
"""One writer at a time: a write whose outcome is unknown may still be under way when it is tried
again, and the second has to see what the first one left."""

KNOWN_TASKS = """
    SELECT task_id, max(id) AS record FROM tasks WHERE task_id = ANY(CAST(:task_ids AS text[]))
    GROUP BY task_id"""

NEW_TASKS = """
    INSERT INTO tasks (task_id, name)
    SELECT task_id, name
    FROM unnest(CAST(:task_ids AS text[]), CAST(:names AS text[])) AS given (task_id, name)
    RETURNING task_id, id AS record"""

NEW_PARAMETERS = """
    INSERT INTO task_parameters (task_id, name, value)
    SELECT record, name, value
    FROM unnest(CAST(:records AS integer[]), CAST(:names AS text[]), CAST(:values AS text[]))
        AS given (record, name, value)"""

HOSTS = """
    UPDATE tasks SET host = given.host
    FROM unnest(CAST(:records AS integer[]), CAST(:hosts AS text[])) AS given (record, host)
    WHERE tasks.id = given.record AND tasks.host IS DISTINCT FROM given.host"""

NEW_EVENTS = """
    INSERT INTO task_events (task_id, event_name, ts)
    SELECT record, name, ts
    FROM unnest(CAST(:records AS integer[]), CAST(:names AS text[]), CAST(:times AS timestamp[]))
        WITH ORDINALITY AS given (record, name, ts, nth)
    WHERE NOT EXISTS (
        SELECT FROM task_events AS e
        WHERE e.task_id = record AND e.ts = given.ts AND e.event_name = name)
    ORDER BY nth"""

NEW_FAILURES = """
    INSERT INTO task_failures (task_id, event_id, attempt, reason)
    SELECT e.task_id, e.id, coalesce(given.attempt, (
        SELECT count(*) FROM task_events AS r
        WHERE r.task_id = e.task_id AND r.event_name = 'RUNNING' AND (r.ts, r.id) <= (e.ts, e.id)
    )), given.reason
    FROM unnest(
        CAST(:records AS integer[]), CAST(:names AS text[]), CAST(:times AS timestamp[]),
        CAST(:attempts AS integer[]), CAST(:reasons AS text[])
    ) AS given (record, name, ts, attempt, reason)
    JOIN task_events AS e
        ON e.task_id = record AND e.ts = given.ts AND e.event_name = name
    ON CONFLICT (event_id) DO NOTHING"""

RUNS = """
    SELECT t.id AS record, t.task_id, t.name AS family, t.host, e.event_name AS began_as,
        e.ts AS began_at, after.event_name AS ended_as, after.ts AS ended_at, f.attempt, f.reason,
        (SELECT count(*) FROM task_events AS r
         WHERE r.task_id = e.task_id AND r.event_name = 'RUNNING' AND (r.ts, r.id) <= (e.ts, e.id)
        ) AS nth
    FROM task_events AS e
    JOIN tasks AS t ON t.id = e.task_id
    LEFT JOIN LATERAL (
        SELECT n.id, n.event_name, n.ts FROM task_events AS n
        WHERE n.task_id = e.task_id AND (n.ts, n.id) > (e.ts, e.id)
        ORDER BY n.ts, n.id LIMIT 1) AS after ON TRUE
    LEFT JOIN LATERAL (
        SELECT n.event_name FROM task_events AS n
        WHERE n.task_id = e.task_id AND (n.ts, n.id) < (e.ts, e.id)
        ORDER BY n.ts DESC, n.id DESC LIMIT 1) AS prior ON TRUE
    LEFT JOIN task_failures AS f
        ON f.event_id = CASE e.event_name WHEN 'RUNNING' THEN after.id ELSE e.id END
    WHERE (e.event_name = 'RUNNING'
        OR e.event_name IN ('DONE', 'FAILED') AND prior.event_name IS DISTINCT FROM 'RUNNING'
        OR e.event_name = 'PENDING' AND after.id IS NULL)
    AND (CAST(:since AS timestamp) IS NULL OR e.ts >= :since)
    AND (CAST(:before AS timestamp) IS NULL OR e.ts < :before)
    AND (CAST(:family AS text) IS NULL OR t.name = :family)
    AND NOT EXISTS (
        SELECT FROM unnest(CAST(:names AS text[]), CAST(:values AS text[])) AS wanted (name, value)
        WHERE NOT EXISTS (
            SELECT FROM task_parameters AS p
            WHERE p.task_id = t.id AND p.name = wanted.name AND p.value = wanted.value))
    ORDER BY e.ts DESC, e.id DESC
    LIMIT CAST(:limit AS bigint)"""

PARAMETERS = """
    SELECT task_id, name, value FROM task_parameters
    WHERE task_id = ANY(CAST(:records AS integer[])) ORDER BY task_id, name"""

TASK = """
    SELECT id, task_id, name, host FROM tasks
    WHERE id = :record OR task_id = :task_id ORDER BY id DESC LIMIT 1"""

EVENTS_OF_TASK = """
    SELECT e.event_name, e.ts, f.attempt, f.reason
    FROM task_events AS e
    JOIN tasks AS t ON t.id = e.task_id
    LEFT JOIN task_failures AS f ON f.event_id = e.id
    WHERE t.task_id = :task_id AND (CAST(:before AS timestamp) IS NULL OR e.ts < :before)
    ORDER BY e.ts DESC, e.id DESC LIMIT :limit"""

LEFT_RUNNING = """
    SELECT DISTINCT t.id AS record, t.task_id
    FROM task_events AS e
    JOIN tasks AS t ON t.id = e.task_id
    LEFT JOIN LATERAL (
        SELECT n.event_name, n.ts FROM task_events AS n
        WHERE n.task_id = e.task_id AND (n.ts, n.id) > (e.ts, e.id)
        ORDER BY n.ts, n.id LIMIT 1) AS after ON TRUE
    WHERE e.event_name = 'RUNNING' AND e.ts < :before
    AND (after.ts IS NULL OR after.ts >= :before AND after.event_name NOT IN ('DONE', 'FAILED'))"""
"""Tasks whose last word from before an instant is RUNNING, and which did not end afterwards."""

OLD_EVENTS = """
    DELETE FROM task_events WHERE id IN (
        SELECT id FROM task_events WHERE ts < :before ORDER BY ts LIMIT :limit)"""

TASKS_WITHOUT_EVENTS = """
    SELECT t.id FROM tasks AS t
    WHERE NOT EXISTS (SELECT FROM task_events AS e WHERE e.task_id = t.id) LIMIT :limit"""

FORGET_PARAMETERS = "DELETE FROM task_parameters WHERE task_id = ANY(CAST(:records AS integer[]))"
FORGET_TASKS = "DELETE FROM tasks WHERE id = ANY(CAST(:records AS integer[]))"

VERSION = "SHOW server_version"
