"""What good data looks like (`rules`), and how far a day's lists are from it (`report`). Pure."""
