"""The benchmark suite: one file a question, each with ``run(quick)``; ``python -m benchmarks`` runs them."""
