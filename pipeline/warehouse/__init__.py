"""The warehouse: all lists in tables for questions over time, made anew from the documents."""
