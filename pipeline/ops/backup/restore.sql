-- Replaces the rows of the task history, all of them or none. database.py fills in what stands in
-- braces. No table is dropped or truncated, so tables, views, grants and triggers of others stay.
BEGIN READ WRITE;

-- It waits for locks only, whatever its role is set to.
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN (
    'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');
SET LOCAL lock_timeout = '{lock_timeout}';

-- luigid takes the same lock before it writes, and then the tables in the same order.
{lock};

-- CREATE TABLE IF NOT EXISTS alone looks into the first schema of the search path only.
DO $do$ BEGIN
    IF EXISTS (SELECT FROM unnest(ARRAY[{relations}]) AS wanted (name)
               WHERE to_regclass(name) IS NULL) THEN
        {create};
    END IF;
END $do$;

LOCK TABLE tasks, task_parameters, task_events, task_failures IN SHARE ROW EXCLUSIVE MODE;

DO $do$ DECLARE ours regclass[]; others text; BEGIN
    ours := ARRAY['tasks', 'task_parameters', 'task_events', 'task_failures'];
    SELECT string_agg(DISTINCT CAST(CAST(conrelid AS regclass) AS text), ', ') INTO others
    FROM pg_constraint WHERE contype = 'f' AND confdeltype IN ('c', 'n', 'd')
    AND confrelid = ANY (ours) AND conrelid <> ALL (ours);
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'rows of % refer to the task history and would be lost with it', others;
    END IF;
END $do$;

DELETE FROM task_failures;
DELETE FROM task_events;
DELETE FROM task_parameters;
DELETE FROM tasks;

{rows}

DO $do$ DECLARE wrong text; BEGIN
    SELECT format('the dump holds %s rows of %s, and the database kept %s', dumped, name, kept)
    INTO wrong
    FROM (VALUES ('tasks', {tasks}, (SELECT count(*) FROM tasks)),
                 ('task_parameters', {task_parameters}, (SELECT count(*) FROM task_parameters)),
                 ('task_events', {task_events}, (SELECT count(*) FROM task_events)),
                 ('task_failures', {task_failures}, (SELECT count(*) FROM task_failures))
    ) AS counted (name, dumped, kept) WHERE dumped <> kept;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', wrong;
    END IF;
END $do$;

-- New rows are numbered after those that are there. A sequence that is set back would outlive a
-- rollback.
SELECT setval(sequence, greatest(nextval(sequence), newest))
FROM (VALUES ('tasks', (SELECT max(id) FROM tasks)),
             ('task_events', (SELECT max(id) FROM task_events)),
             ('task_failures', (SELECT max(id) FROM task_failures))) AS numbered (name, newest),
LATERAL (SELECT CAST(pg_get_serial_sequence(name, 'id') AS regclass)) AS of_it (sequence)
WHERE sequence IS NOT NULL;
COMMIT;
