"""Texts that somebody else wrote, made fit to be written and shown."""


def sound(text):
    r"""A text that can be written as UTF-8, with ? for the halves of surrogate pairs, which JSON and Python allow.

    Example:
        >>> sound("a\ud800b")
        'a?b'
    """
    return text.encode("utf-8", "replace").decode("utf-8")
