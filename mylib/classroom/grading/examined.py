"""What the stages of grading hand on: a submission that was rebuilt, fingerprinted, examined."""

from dataclasses import dataclass, field

from mylib.classroom.intake.rebuild import Intake
from mylib.classroom.notebook.verdicts import Outcome


@dataclass(frozen=True)
class Fingerprinted:
    """A rebuilt submission, and what its grade depends on.

    parts: {what: SHA-256} of everything that the grade depends on.
    sha256: of the parts that the examination depends on; the others are about penalties only.
    why: which of them changed since it was graded before; "" for the first time.
    current: it stands in the gradebook as it is.
    """

    intake: Intake
    parts: dict[str, str]
    sha256: str
    why: str = ""
    current: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """Topic, student, fingerprint: what the ledger keeps results by."""
        return self.intake.submission.topic, self.intake.submission.student, self.sha256

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.intake.submission.student}/{self.intake.submission.topic}"


@dataclass(frozen=True)
class Examined:
    """What was found.

    failed: why there is no outcome; "" if there is one.
    """

    intake: Intake
    outcome: Outcome = field(default_factory=Outcome)
    why: str = ""
    failed: str = ""
