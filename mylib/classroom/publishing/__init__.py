"""Lectures executed and shown."""
