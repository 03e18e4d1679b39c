"""What `doctor` looks at: one function a question, which waits a few seconds at most."""
