"""Structured families: parities, symmetric functions and carry chains over many literals."""
