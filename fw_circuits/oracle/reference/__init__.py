"""NumPy reference implementations of the compiled searches, equal to them bit for bit."""
