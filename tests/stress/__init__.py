"""Long runs against brute force and other people's tools; short versions of them are ordinary tests."""
