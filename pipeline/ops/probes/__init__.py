"""The probes of `doctor`: one function a question, each with a few seconds of time."""
