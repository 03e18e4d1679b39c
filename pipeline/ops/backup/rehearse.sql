-- Loads a dump into temporary tables of the database that it is from, and forgets them. database.py
-- fills in what stands in braces.
BEGIN READ WRITE;
SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN (
    'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');
SET LOCAL lock_timeout = '{lock_timeout}';

CREATE TEMPORARY TABLE rehearsed_tasks (LIKE tasks INCLUDING ALL);
CREATE TEMPORARY TABLE rehearsed_task_parameters (LIKE task_parameters INCLUDING ALL);
CREATE TEMPORARY TABLE rehearsed_task_events (LIKE task_events INCLUDING ALL);
CREATE TEMPORARY TABLE rehearsed_task_failures (LIKE task_failures INCLUDING ALL);

{rows}

ROLLBACK;
