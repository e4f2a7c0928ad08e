"""Execution that costs a submission only what failed: a stuck cell is interrupted, a dead kernel ends the rest."""

import time

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Float, Integer, Unicode


class PatientExecute(Execute):
    """nbgrader's Execute, with a clock over the whole submission and a verdict for every cell.

    A cell over its time is interrupted and the next one runs. Once the kernel is dead, deaf to the interrupt, or
    the submission's time is up, the remaining cells are not run and say why; nbgrader's own rule gives them 0.
    """

    cell_seconds = Float(30, help="Wall clock of one cell.").tag(config=True)
    submission_seconds = Float(120, help="Wall clock of all cells.").tag(config=True)
    not_run = Unicode("", help="Why no cell is run; no kernel is started.").tag(config=True)

    # Saves 1.3 s a submission: a kernel that has answered has nothing left to lose.
    shutdown_kernel = "immediate"
    # nbclient's default, 4 s, discards sound submissions on a loaded machine.
    iopub_timeout = Integer(15, help="Seconds for outputs to arrive, also after an interrupt.").tag(
        config=True
    )

    def preprocess(self, nb, resources, km=None):
        """Execute the notebook; every code cell ends with outputs or with the reason why it has none."""
        self.stopped = self.not_run
        self.deadline = time.monotonic() + self.submission_seconds
        if self.stopped:
            for cell in nb.cells:
                self._give_up(cell)
            return nb, resources
        self.timeout_func = self._seconds_left
        try:
            return super().preprocess(nb, resources, km)
        except (RuntimeError, DeadKernelError) as error:
            # The kernel died before the first cell, or could not be started.
            self.stopped = f"the kernel did not start: {error}"
            for cell in nb.cells:
                self._give_up(cell)
            return nb, resources

    def preprocess_cell(self, cell, resources, index):
        """Execute one cell, or say why not."""
        if not self.stopped and time.monotonic() >= self.deadline:
            self.stopped = f"the submission used up its {self.submission_seconds:g} s"
        if self.stopped:
            self._give_up(cell)
            return cell, resources
        try:
            cell, resources = super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            self.stopped = f"the kernel died in cell {_name(cell, index)}"
        except CellTimeoutError:
            self.stopped = f"cell {_name(cell, index)} could not be interrupted"
        if self.stopped:
            self._give_up(cell)
        self._stderr_is_free(cell)
        return cell, resources

    def on_cell_executed(self, **kwargs):
        """Say how long the limit was."""
        content = kwargs["execute_reply"]["content"]
        if content.get("ename") == "CellTimeoutError":
            limit = self._seconds_given
            content["evalue"] = f"stopped after {limit:.3g} s; is there a loop that never ends?"
            content["traceback"] = [f"CellTimeoutError: {content['evalue']}"]
        super().on_cell_executed(**kwargs)

    def _seconds_left(self, cell):
        self._seconds_given = max(0.1, min(self.cell_seconds, self.deadline - time.monotonic()))
        return self._seconds_given

    def _give_up(self, cell):
        if cell.cell_type != "code":
            return
        message = f"not run: {self.stopped}"
        cell.outputs = [nbformat.v4.new_output("error", ename="NotRun", evalue=message, traceback=[message])]

    def _stderr_is_free(self, cell):
        """nbgrader takes all points of a test cell that writes to stderr: a warning, a progress bar."""
        if cell.cell_type == "code" and utils.is_grade(cell):
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"


def _name(cell, index):
    return cell.metadata.get("nbgrader", {}).get("grade_id") or index + 1
