"""The task history: events of the scheduler, kept in PostgreSQL, and what is read from them."""
