"""The benchmark suite: one file a question."""
