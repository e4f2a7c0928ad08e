"""Lists of names as text."""


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())
