"""The classroom: release exercises, grade submissions, give feedback, report; `mylib --help` is the way in."""
