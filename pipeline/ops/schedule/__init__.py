"""When root tasks run, what of it is overdue, and the program that the schedule calls."""
