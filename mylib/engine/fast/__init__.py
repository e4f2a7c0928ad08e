"""What is there for speed alone: the same numbers as the plain forms, which stand in the operations' own files.

Each file says in a few lines why it is faster; tests/engine/test_fast.py holds it against the plain form. Nothing here
has to be read to understand the engine.
"""
