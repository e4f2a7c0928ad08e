"""Moodle's own grading worksheet, filled in: two columns change, every other letter stays as it is."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from mylib.classroom.notebook.text import printable

# What Moodle calls the columns; in its other languages too.
GRADE = (
    *("grade", "bewertung", "note", "nota", "calificación", "calificacion", "valutazione", "cijfer", "betyg"),
    *("karakter", "arvosana", "ocena", "оценка", "評点", "成绩", "qualificação"),
)
MAX_GRADE = (
    *("maximum grade", "bestwertung", "beste bewertung", "note maximale", "calificación máxima"),
    *("calificación más alta", "valutazione massima", "maximumcijfer", "nota máxima"),
)
COMMENTS = (
    *("feedback comments", "feedback als kommentar", "commentaires de feedback", "feedbackcommentaar"),
    *("comentarios de retroalimentación", "commenti di feedback", "feedback via comentário"),
)
CHANGEABLE = ("grade can be changed", "bewertung kann geändert werden", "la note peut être modifiée")
OTHER_KEYS = (
    *("id number", "id-nummer", "numéro d'identification", "número de id", "codice identificativo"),
    *("email address", "e-mail-adresse", "adresse de courriel", "dirección de correo", "indirizzo email"),
    *("username", "anmeldename"),
)
NAME = ("full name", "vollständiger name", "nom complet", "nombre completo", "nome", "volledige naam")
NO = ("no", "nein", "non", "nee", "não")
FIRST_NAMES = 10


@dataclass(frozen=True)
class Entry:
    """What goes into one row. number: the participant's; name: as the zip called the student."""

    student: str
    number: str
    name: str
    points: float
    comment: str


class Worksheet:
    """A worksheet as Moodle wrote it."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Args:    path: of the file.
        Raises:  ValueError: no such file, or no columns for the participant and the grade.
        """
        if not path.is_file():
            raise ValueError(f"worksheet: expected Moodle's grading worksheet, found no file {path}")
        self.path = path
        text, self.encoding = _decoded(path.read_bytes())
        head = text.splitlines()[0] if text else ""
        delimiter = max(",;\t", key=head.count)
        self.delimiter = delimiter
        self.rows = _split(text, delimiter)
        self.columns = [_value(raw).strip().casefold() for raw, _ in self.rows[0]]
        self.grade, self.comments = self._column(GRADE), self._column(COMMENTS)
        self.identifier = self._identifier_column()
        if self.grade is None or self.identifier is None:
            got = ", ".join(printable(_value(raw), 40) for raw, _ in self.rows[0][:20])
            raise ValueError(
                f"{path}: expected Moodle's grading worksheet with the columns Identifier and Grade, got {got}; "
                "download it in the assignment, View all submissions, Download grading worksheet"
            )

    def _column(self, names: tuple[str, ...]) -> int | None:
        return next((i for i, column in enumerate(self.columns) if column in names), None)

    def _identifier_column(self) -> int | None:
        """The one that holds "Participant 123" in any language."""
        for i, column in enumerate(self.columns):
            values = [_value(row[i][0]) for row in self.rows[1:] if len(row) > i]
            if column == "identifier" or any(map(_is_identifier, values)):
                return i
        return None

    @property
    def numbers(self) -> set[str]:
        """Of the participants."""
        return {number for row in self.rows[1:] if (number := self._number(row))}

    def _number(self, row: list[tuple[str, str]]) -> str:
        text = self._cell(row, self.identifier)
        return re.sub(r"\D+", "", text) if _is_identifier(text) else ""

    def _cell(self, row: list[tuple[str, str]], column: int | None) -> str:
        return _value(row[column][0]) if column is not None and column < len(row) else ""

    def filled(self, entries: list[Entry]) -> tuple[bytes, list[str]]:
        """The file with grades and comments in it.

        Args:    entries: of the students.
        Returns: its bytes, and messages about rows and students without each other.
        """
        by_number = {entry.number: entry for entry in entries if entry.number}
        by_key = {entry.student.casefold(): entry for entry in entries}
        done: set[str] = set()
        notes: list[str] = []
        empty: list[str] = []
        keys = [i for i, column in enumerate(self.columns) if column in OTHER_KEYS]
        rows = [self.rows[0]]
        for line, row in enumerate(self.rows[1:], start=2):
            rows.append(row)
            if not any(raw.strip() for raw, _ in row):
                continue
            called = self._cell(row, self._column(NAME)) or self._cell(row, self.identifier)
            number = self._number(row)
            found = by_number.get(number) or next(
                filter(None, (by_key.get(self._cell(row, i).strip().casefold()) for i in keys)), None
            )
            if not number:
                text = printable(self._cell(row, self.identifier), 60)
                notes.append(
                    f"{self.path.name}, row {line}: expected a participant's number, got {text!r}; left as it is"
                )
            elif found is None:
                empty.append(called)
            elif reason := self._refusal(row, found):
                notes.append(f"{self.path.name}, row {line}: {reason}; left as it is")
                done.add(found.student)
            else:
                done.add(found.student)
                rows[-1] = self._filled_row(row, found, notes)
        missing = [entry.student for entry in entries if entry.student not in done]
        if empty:
            notes.append(f"{self.path.name}: {len(empty)} rows without a graded submission: {_listed(empty)}")
        if missing:
            notes.append(f"{self.path.name}: {len(missing)} students are in no row: {_listed(missing)}")
        text = "".join(raw + end for row in rows for raw, end in row)
        return text.encode(self.encoding, "replace"), notes

    def _refusal(self, row: list[tuple[str, str]], entry: Entry) -> str:
        """Why a row is not filled in; "" if it is."""
        there = self._cell(row, self._column(NAME))
        words, own = _words(there), _words(entry.name)
        if words and own and not words & own:
            return f"it is called {printable(there, 60)!r} here and {printable(entry.name, 60)!r} in the zip"
        if self._cell(row, self._column(CHANGEABLE)).strip().casefold() in NO:
            return f"Moodle says that the grade of {entry.student} cannot be changed"
        return ""

    def _filled_row(self, row: list[tuple[str, str]], entry: Entry, notes: list[str]) -> list[tuple[str, str]]:
        points, most = entry.points, _as_number(self._cell(row, self._column(MAX_GRADE)))
        if most is not None and points > most:
            notes.append(f"{self.path.name}: {entry.student} has {points:g} points, and Moodle takes {most:g} at most")
            points = most
        new = list(row)
        for column, value in ((self.grade, f"{points:g}"), (self.comments, entry.comment)):
            if column is not None and column < len(row):
                raw, end = row[column]
                new[column] = (_quoted(value, raw.startswith('"'), self.delimiter), end)
        return new

    def maximum(self) -> float | None:
        """Points to be had, as Moodle says; None where it does not."""
        column = self._column(MAX_GRADE)
        return next((most for row in self.rows[1:] if (most := _as_number(self._cell(row, column))) is not None), None)


def _decoded(content: bytes) -> tuple[str, str]:
    """The text, and the encoding that brings back the same bytes."""
    marks = (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    )
    known = [encoding for mark, encoding in marks if content.startswith(mark)]
    for encoding in (*known, "utf-8"):
        try:
            return content.decode(encoding), encoding  # the mark stays in front, as a character
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1"), "latin-1"  # every byte is one letter of it, and back


def _split(text: str, delimiter: str) -> list[list[tuple[str, str]]]:
    """Rows of (field as it stands there, what follows it): joined again they are the text."""
    mark = re.escape(delimiter)
    field = re.compile(rf'("(?:[^"]|"")*"|[^{mark}\r\n]*)({mark}|\r\n|\r|\n|\Z)')
    rows: list[list[tuple[str, str]]] = [[]]
    start = 1 if text.startswith("\ufeff") else 0
    at = start
    while True:
        match = field.match(text, at)
        if match is None:  # a quotation mark that nobody closes
            rows[-1].append((text[at:], ""))
            break
        rows[-1].append((match[1], match[2]))
        at = match.end()
        if at == len(text) and match[2] != delimiter:
            break
        if match[2] != delimiter:
            rows.append([])
    if start:
        first, end = rows[0][0]
        rows[0][0] = ("\ufeff" + first, end)
    return rows


def _value(raw: str) -> str:
    raw = raw.removeprefix("\ufeff")
    if raw.startswith('"') and raw.endswith('"') and len(raw) > 1:
        return raw[1:-1].replace('""', '"')
    return raw


def _quoted(value: str, always: bool, delimiter: str) -> str:
    if always or any(letter in value for letter in (delimiter, '"', "\r", "\n")):
        return '"' + value.replace('"', '""') + '"'
    return value


def _is_identifier(text: str) -> bool:
    """A word or two, then a number: "Participant 123", "Teilnehmer/in123"."""
    return bool(re.fullmatch(r"[^\d@]{3,40}\d{1,20}", text.strip()))


def _as_number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _words(name: str) -> set[str]:
    return {word for word in re.findall(r"[^\W\d]+", name.casefold())}


def _listed(names: list[str]) -> str:
    shown = [printable(name, 60) for name in names[:FIRST_NAMES]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
