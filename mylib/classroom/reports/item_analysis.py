"""How a class did on each question: difficulty and discrimination, as in classical test theory."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mylib.classroom.reports.table import Row

FEWEST = 3  # students: two points always lie on a line


@dataclass(frozen=True)
class Item:
    """One question over a class.

    students: who handed in.
    waiting: answers that a person has not read yet; while there are any, nothing else is known.
    difficulty: mean share of the points, 1 is easy; None if not known.
    discrimination: correlation of its points with the points of all other questions, -1 to 1; None if not known.
    why: why the discrimination is not known; "" if it is.
    """

    topic: str
    question: str
    students: int
    waiting: int
    max_points: float
    difficulty: float | None
    discrimination: float | None
    why: str

    @property
    def remark(self) -> str:
        """What the numbers say, in words; "" where nothing stands out."""
        words = []
        if self.difficulty is not None and self.difficulty < 0.3:
            words.append("hard: few of its points were earned")
        if self.difficulty is not None and self.difficulty > 0.95:
            words.append("nearly everybody has all points")
        if self.discrimination is not None and self.discrimination < 0:
            words.append("those who are good elsewhere do worse here: look at its tests and its text")
        elif self.discrimination is not None and self.discrimination < 0.2:
            words.append("says little about the rest")
        return "; ".join(words)


def items(found: Iterable[Row]) -> list[Item]:
    """The statistics of every question.

    difficulty of question j: mean over students i of x_ij / m_j, with x_ij points and m_j the most points.
    discrimination of j: Pearson's correlation over i of x_ij with the rest r_ij, the sum of x_ik over all k other
    than j. Questions that wait for a person are in no sum.

    Args:    found: rows, of `report.rows`.
    Returns: list of `Item` by topic and question.
    Source:  the item-rest correlation of classical test theory: Nunnally and Bernstein, Psychometric Theory (1994).
    """
    topics: dict[str, dict[str, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in found:
        topics[row.topic][row.question][row.student] = row
    result = []
    for topic, questions in sorted(topics.items()):
        read = {name for name, rows in questions.items() if not any(row.needs_manual for row in rows.values())}
        for name, rows in sorted(questions.items()):
            rest = [
                sum(questions[other][student].points for other in read - {name} if student in questions[other])
                for student in rows
            ]
            result.append(_item(topic, name, list(rows.values()), np.array(rest, dtype=float), others=read - {name}))
    return result


def _item(topic: str, name: str, rows: list[Row], rest: NDArray[np.float64], others: set[str]) -> Item:
    points = np.array([row.points for row in rows], dtype=float)
    most, waiting = rows[0].max_points, sum(row.needs_manual for row in rows)
    difficulty = discrimination = None
    why = ""
    if waiting:
        why = f"{waiting} to be read by a person"
    elif not others:
        why = "no other question to compare with"
    elif len(rows) < FEWEST:
        why = f"fewer than {FEWEST} students"
    elif np.ptp(points) == 0:
        why = "everybody has the same points here"
    elif np.ptp(rest) == 0:
        why = "everybody has the same points elsewhere"
    else:
        discrimination = correlation(points, rest)
    if not waiting and most:
        difficulty = float(np.mean(points) / most)
    return Item(topic, name, len(rows), waiting, most, difficulty, discrimination, why)


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Pearson's correlation of two series that are not constant.

    Example:
        >>> correlation(np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0]))
        1.0
    """
    x, y = x - x.mean(), y - y.mean()
    return float(np.clip((x @ y) / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0))
