"""Commands that show how the operation is."""
