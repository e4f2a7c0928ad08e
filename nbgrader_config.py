"""Where nbgrader finds this course. `mylib` and the stock `nbgrader` commands both read it.

`solutions/` is the source and `exercises/` the release; both are committed. Everything that grading makes
(submissions, gradebook, feedback) stays in `build/classroom/`, or in the folder that MYLIB_CLASSROOM names.
"""

import os
from pathlib import Path

from traitlets.config import Application

from mylib.classroom.course.nbgrader import no_answer_yet

c = get_config()  # noqa: F821  nbgrader puts it into this file's namespace
root = Path(__file__).resolve().parent
build = Path(os.environ.get("MYLIB_CLASSROOM") or root / "build" / "classroom").resolve()
if Application.initialized():  # a stock command or JupyterLab; mylib makes the folder when it writes
    build.mkdir(parents=True, exist_ok=True)  # `nbgrader collect` and formgrader expect it from the start

c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = str(build / "submitted")
c.CourseDirectory.autograded_directory = str(build / "autograded")
c.CourseDirectory.feedback_directory = str(build / "feedback")
c.CourseDirectory.db_url = f"sqlite:///{build / 'gradebook.db'}"

# nbgrader's own autograde, and formgrader's button of that name, would run submissions with your rights, without walls.
c.Autograde.exporter_class = "mylib.classroom.grading.gradebook.UseMylibGrade"

# The Validate button of JupyterLab says of an untouched question what `mylib validate` says, without a traceback.
c.Execute.on_cell_error = no_answer_yet

# Feedback shows no hidden test, whoever makes it: mylib, the stock command or formgrader's button.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "mylib.classroom.reports.feedback.StudentsView",
    "mylib.classroom.reports.feedback.SanitizeOutputs",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
# What a student wrote or showed runs no script when formgrader or feedback shows it.
c.HTMLExporter.filters = {"markdown2html": "mylib.classroom.reports.feedback.harmless_markdown"}
c.HTMLExporter.sanitize_html = True
