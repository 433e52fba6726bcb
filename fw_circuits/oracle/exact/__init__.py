"""Exact searches: all functions of four literals, and functions of few gates of five and six."""
