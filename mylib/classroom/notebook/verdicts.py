"""What is said of a test: in one line, and as the outputs of its cell."""

import nbformat

UNWRITTEN = "no answer yet; write it where the cell says YOUR CODE HERE, and delete the line that raises"


def failure(name, message, limit=300):
    r"""How a failure is told in one line, to students and in reports.

    Args:    name: of the exception.
             message: of the exception; lines are joined.
             limit: characters kept.

    Example:
        >>> failure("AssertionError", "got 1,\nexpected 2"), failure("NameError", "")
        ('AssertionError: got 1, expected 2', 'NameError')
    """
    text = " ".join(message.split()) or (UNWRITTEN if name == "NotImplementedError" else "")
    return (text if name == "NotRun" else f"{name}: {text}" if text else name)[:limit]


def verdict_outputs(verdict):
    """What stands below a test cell: the failure's message, or partial credit.

    Args:    verdict: of `examine`.
    Returns: list of nbformat outputs.
    """
    if verdict["error"]:
        message = failure(verdict["error"], verdict["message"])
        return [
            nbformat.v4.new_output(
                "error", ename=verdict["error"], evalue=verdict["message"], traceback=[message]
            )
        ]
    if verdict["credit"] is not None:
        data = {"text/plain": repr(verdict["credit"])}
        return [nbformat.v4.new_output("execute_result", data=data, execution_count=None)]
    return []
