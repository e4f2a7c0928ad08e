"""Where nbgrader finds this course. `mylib` and the stock `nbgrader` commands both read it.

`solutions/` is the source and `exercises/` the release; both are committed. Everything that grading makes
(submissions, gradebook, feedback) stays in `build/classroom/`, or in the folder that MYLIB_CLASSROOM names.
"""

import os
from pathlib import Path

c = get_config()  # noqa: F821  nbgrader puts it into this file's namespace
root = Path(__file__).resolve().parent
build = Path(os.environ.get("MYLIB_CLASSROOM") or root / "build" / "classroom").resolve()

c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = str(build / "submitted")
c.CourseDirectory.autograded_directory = str(build / "autograded")
c.CourseDirectory.feedback_directory = str(build / "feedback")
c.CourseDirectory.db_url = f"sqlite:///{build / 'gradebook.db'}"
