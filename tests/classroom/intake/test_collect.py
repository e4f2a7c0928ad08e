"""Collecting: real zips of Moodle's and Canvas's kind, broken and hostile ones."""

import io
import stat
import struct
import warnings
import zipfile

import nbformat
import pytest
from rich.console import Console
from typer.testing import CliRunner

from mylib.classroom import cli
from mylib.classroom.intake.archive import Bounds
from mylib.classroom.intake.collect import Collection, collect, summary
from mylib.classroom.intake.names import recognise
from mylib.classroom.intake.rebuild import find
from mylib.classroom.intake.roster import (
    Handed,
    Person,
    is_group,
    named,
    person,
    read_roster,
    safe_cell,
    write_roster,
)
from tests.classroom import tiny
from tests.classroom.tiny import TOPIC

ADA = "Ada Lovelace_123_assignsubmission_file_/"
NOTEBOOK = b'{"cells": []}'


@pytest.fixture
def pack(tmp_path):
    """Write a zip of names (or `ZipInfo`s) and contents."""

    def write(*entries, name="inbox.zip"):
        path = tmp_path / name
        path.write_bytes(packed(*entries))
        return path

    return write


def packed(*entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that stands there twice
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def tree(folder):
    """Relative path to content of everything in a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def placed(course):
    return {name: text for name, text in tree(course.submitted).items()}


def test_moodle_with_a_folder_for_each_student(course, pack):
    done = collect(course, pack((ADA + "sums.ipynb", NOTEBOOK), (ADA + "tools/help.py", b"x = 1")))
    assert done.problems == []
    assert placed(course) == {
        "ada-lovelace-123/sums/sums.ipynb": NOTEBOOK,
        "ada-lovelace-123/sums/tools/help.py": b"x = 1",
    }


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace_123_assignsubmission_file_sums.ipynb",
        "Ada Lovelace_123/sums.ipynb",
        "Ada Lovelace_123_assignsubmission_file/sums.ipynb",
        "Deep learning_2026/Ada Lovelace_123_assignsubmission_file_/sums.ipynb",
        "lovelaceada_123_456_sums.ipynb",
        "all/lovelaceada_123_456_sums.ipynb",
    ],
)
def test_other_spellings_of_moodle_and_canvas(course, pack, name):
    done = collect(course, pack((name, NOTEBOOK)))
    assert done.problems == []
    [(student, text)] = placed(course).items()
    assert student.split("/")[0] in ("ada-lovelace-123", "lovelaceada-123")
    assert text == NOTEBOOK


def test_grading_finds_what_was_collected_and_nothing_else(course, pack):
    collect(course, pack((ADA + "sums.ipynb", NOTEBOOK)))
    found, problems = find(course.submitted, [TOPIC])
    assert ([one.student for one in found], problems) == (["ada-lovelace-123"], [])


def test_canvas_takes_the_last_of_several_and_keeps_the_mark_of_lateness(course, pack):
    done = collect(
        course,
        pack(
            ("lovelaceada_7_100_sums.ipynb", b"first"),
            ("lovelaceada_LATE_7_102_sums-2.ipynb", b"third"),
            ("lovelaceada_LATE_7_101_sums-1.ipynb", b"second"),
            ("lovelaceada_7_100_help.py", b"old"),
            ("lovelaceada_LATE_7_101_help-1.py", b"new"),
        ),
    )
    assert done.problems == []
    assert placed(course) == {
        "lovelaceada-7/sums/sums.ipynb": b"third",
        "lovelaceada-7/sums/sums-100.ipynb": b"first",
        "lovelaceada-7/sums/sums-101.ipynb": b"second",
        "lovelaceada-7/sums/help.py": b"new",
    }
    [note] = done.notes
    assert "sums-2.ipynb is taken for sums" in note
    [row] = read_roster(course)
    assert (row.late, row.lms, row.lms_id, row.file) == (
        "late",
        "canvas",
        "7",
        "lovelaceada_LATE_7_102_sums-2.ipynb",
    )


def test_text_fields_and_what_systems_leave_behind_are_ignored(course, pack):
    done = collect(
        course,
        pack(
            (ADA + "sums.ipynb", NOTEBOOK),
            ("Ada Lovelace_123_assignsubmission_onlinetext_/onlinetext.html", b"hello"),
            ("Ada Lovelace_123_assignsubmission_onlinetext_onlinetext.html", b"hello"),
            (ADA + "__MACOSX/._sums.ipynb", b""),
            (ADA + ".ipynb_checkpoints/sums-checkpoint.ipynb", b""),
            (ADA + ".DS_Store", b""),
        ),
    )
    assert (done.problems, list(placed(course))) == ([], ["ada-lovelace-123/sums/sums.ipynb"])


@pytest.mark.parametrize("name", ["Sums_final.ipynb", "sums (1).ipynb", "my sums.ipynb", "SUMS-copy.ipynb"])
def test_the_topic_is_recognised_by_the_name(course, pack, name):
    assert collect(course, pack((ADA + name, NOTEBOOK))).problems == []
    assert list(placed(course)) == ["ada-lovelace-123/sums/sums.ipynb"]


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("vision_transformer.ipynb", "vision_transformer"),
        ("Vision-Transformer (1).ipynb", "vision_transformer"),
        ("transformer.ipynb", "transformer"),
        ("transformers.ipynb", None),
        ("transformer and sums.ipynb", None),
    ],
)
def test_topics_of_several_words_are_recognised(name, topic):
    assert recognise(name, ["sums", "transformer", "vision_transformer"]) == topic


def test_a_name_without_a_topic_is_listed_and_placed_with_topic(course, pack):
    archive = pack((ADA + "homework.ipynb", NOTEBOOK))
    [problem] = collect(course, archive).problems
    assert "homework.ipynb: expected a name with one of sums" in problem
    assert placed(course) == {}
    assert collect(course, archive, topic=TOPIC).problems == []
    assert list(placed(course)) == ["ada-lovelace-123/sums/sums.ipynb"]


def test_two_notebooks_for_one_topic_are_told(course, pack):
    done = collect(course, pack((ADA + "sums.ipynb", b"1"), (ADA + "sums (1).ipynb", b"2")))
    assert "sums.ipynb is taken for sums; a second notebook for sums" in done.problems[0]
    assert placed(course) == {
        "ada-lovelace-123/sums/sums.ipynb": b"1",
        "ada-lovelace-123/sums/sums (1).ipynb": b"2",
    }


def test_a_student_without_a_notebook_is_told(course, pack):
    [problem] = collect(course, pack((ADA + "sums.py", b""), ("Ben_4_assignsubmission_file_/sums.ipynb", b""))).problems
    assert "Ada Lovelace handed in no notebook" in problem


def test_a_zip_of_a_student_is_opened_once(course, pack):
    inner = packed(("work/sums.ipynb", NOTEBOOK), ("work/help.py", b"x"), ("work/more.zip", packed(("a", b""))))
    done = collect(course, pack((ADA + "handin.zip", inner)))
    assert placed(course) == {
        "ada-lovelace-123/sums/sums.ipynb": NOTEBOOK,
        "ada-lovelace-123/sums/help.py": b"x",
    }
    assert done.problems == [f"{ADA}handin.zip: work/more.zip: a zip in a zip in a zip is not opened"]


def test_the_roster_says_who_is_who_and_moodle_numbers_may_change(course, pack):
    collect(course, pack(("Zoë =Li_5_assignsubmission_file_/sums.ipynb", b"a")))
    collect(course, pack(("Zoë =Li_99_assignsubmission_file_/sums.ipynb", b"b")), replace=True)
    [row] = read_roster(course)
    assert (row.student, row.name, row.topic, row.lms_id) == ("zoe-li-5", "Zoë =Li", "sums", "99")


def test_a_name_like_a_formula_is_safe_in_a_spreadsheet_and_read_back(course, pack):
    collect(course, pack(("=Ada_5_assignsubmission_file_/sums.ipynb", b"")))
    assert ",'=Ada,moodle" in (course.build / "students.csv").read_text()
    assert read_roster(course)[0].name == "=Ada"


def test_two_students_of_one_name_are_two(course, pack):
    collect(
        course,
        pack(("Li_1_assignsubmission_file_/sums.ipynb", b"1"), ("Li_2_assignsubmission_file_/sums.ipynb", b"2")),
    )
    assert placed(course) == {"li-1/sums/sums.ipynb": b"1", "li-2/sums/sums.ipynb": b"2"}
    done = collect(course, pack(("Li_7_assignsubmission_file_/sums.ipynb", b"3")))
    assert "several students have this name" in done.problems[0]
    assert placed(course)["li-7/sums/sums.ipynb"] == b"3"


def test_what_is_there_is_not_overwritten_silently(course, pack):
    collect(course, pack((ADA + "sums.ipynb", b"old")))
    assert collect(course, pack((ADA + "sums.ipynb", b"old"))).problems == []
    [problem] = collect(course, pack((ADA + "sums.ipynb", b"new"))).problems
    assert "expected no other submission, got one that differs" in problem
    assert "--replace" in problem
    assert placed(course) == {"ada-lovelace-123/sums/sums.ipynb": b"old"}


def test_replacing_keeps_the_old_one_beside(course, pack):
    for content in (b"1", b"2", b"3"):
        done = collect(course, pack((ADA + "sums.ipynb", content)), replace=True)
    assert done.placed[0][1] == "replaced"
    assert placed(course) == {
        "ada-lovelace-123/sums/sums.ipynb": b"3",
        "ada-lovelace-123/.sums.1/sums.ipynb": b"1",
        "ada-lovelace-123/.sums.2/sums.ipynb": b"2",
    }
    assert find(course.submitted, [TOPIC])[1] == []


def test_a_dry_run_writes_nothing(course, pack):
    done = collect(course, pack((ADA + "sums.ipynb", b"")), dry_run=True)
    assert [what for _, what in done.placed] == ["collected"]
    assert not course.build.exists()


def special(name, kind=stat.S_IFREG, flags=0):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    info.flag_bits |= flags
    return info


HOSTILE = {
    "a way out": ADA + "../../../evil.py",
    "a way out of a flat name": "../Ada_1_assignsubmission_file_/evil.py",
    "a way out with backslashes": ADA + "..\\..\\evil.py",
    "an absolute name": "/tmp/Ada_1_assignsubmission_file_/evil.py",
    "a drive": "C:/Ada_1_assignsubmission_file_/evil.py",
    "a link": special(ADA + "evil.py", stat.S_IFLNK),
    "a pipe": special(ADA + "evil.py", stat.S_IFIFO),
    "a letter that turns the name around": ADA + "evil\u202eyp.exe",
    "a name of a thousand letters": ADA + "evil" * 250,
    "an empty part": ADA + "/evil.py",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_are_left_out_and_told(course, pack, tmp_path, name):
    archive = pack((ADA + "sums.ipynb", NOTEBOOK), (name, "/etc/passwd"))
    before = tree(tmp_path)
    done = collect(course, archive)
    assert len(done.problems) == 1
    assert "left out" in done.problems[0]
    new = set(tree(tmp_path)) - set(before)
    assert {name.removeprefix("course/build/classroom/") for name in new} == {
        "students.csv",
        "submitted/ada-lovelace-123/sums/sums.ipynb",
    }


def test_a_students_name_cannot_lead_out_of_the_folder(course, pack):
    done = collect(course, pack(("..._1_assignsubmission_file_/sums.ipynb", b"1"), ("李_2/sums.ipynb", b"2")))
    assert done.problems == []
    assert placed(course) == {"student-1/sums/sums.ipynb": b"1", "student-2/sums/sums.ipynb": b"2"}


def test_a_file_that_unpacks_without_end_is_left_out(course, pack):
    archive = pack((ADA + "sums.ipynb", NOTEBOOK), (ADA + "zeros", bytes(3_000_000)))
    done = collect(course, archive, bounds=Bounds(file_bytes=1_000_000))
    assert "zeros: has more than 1 MB unpacked" in done.problems[0]
    assert list(placed(course)) == ["ada-lovelace-123/sums/sums.ipynb"]


def test_the_size_is_counted_and_not_believed(course, pack):
    archive = pack((ADA + "sums.ipynb", bytes(3_000_000)))
    content = bytearray(archive.read_bytes())
    content = content.replace(struct.pack("<L", 3_000_000), struct.pack("<L", 10))
    archive.write_bytes(content)
    done = collect(course, archive, bounds=Bounds(file_bytes=1_000_000))
    assert done.problems
    assert placed(course) == {}


def test_all_files_together_are_bounded_also_in_zips_within(course, pack):
    inner = packed(*((f"{n}.bin", bytes(400_000)) for n in range(5)))
    archive = pack((ADA + "sums.ipynb", NOTEBOOK), (ADA + "more.zip", inner))
    done = collect(course, archive, bounds=Bounds(total_bytes=1_000_000))
    assert sum("unpacked; it is left out" in problem for problem in done.problems) >= 3


def test_too_many_entries_are_refused(course, pack):
    archive = pack(*((f"{ADA}{n}", b"") for n in range(30)))
    with pytest.raises(ValueError, match="expected fewer entries, got 30"):
        collect(course, archive, bounds=Bounds(entries=20))
    nested = pack((ADA + "sums.ipynb", b""), (ADA + "a.zip", packed(*((str(n), b"") for n in range(30)))))
    assert "expected fewer entries" in collect(course, nested, bounds=Bounds(entries=20)).problems[0]


def test_an_encrypted_entry_is_told(course, pack):
    archive = pack((ADA + "sums.ipynb", NOTEBOOK), (ADA + "help.py", b"x"))
    content = archive.read_bytes()
    at = content.rindex(b"PK\x01\x02")
    archive.write_bytes(content[: at + 8] + b"\x01" + content[at + 9 :])
    assert "help.py: is encrypted" in collect(course, archive).problems[0]


def test_only_ordinary_packing_is_read(course, pack):
    odd = zipfile.ZipInfo(ADA + "help.py")
    odd.compress_type = zipfile.ZIP_LZMA
    [problem] = collect(course, pack((ADA + "sums.ipynb", NOTEBOOK), (odd, b"x"))).problems
    assert "help.py: is packed in a way that is not read" in problem


def test_a_zip_of_a_later_version_is_refused(course, pack):
    archive = pack((ADA + "sums.ipynb", NOTEBOOK))
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 99
    archive.write_bytes(content)
    with pytest.raises(ValueError, match="zip file version 9.9"):
        collect(course, archive)


def test_a_damaged_entry_costs_only_itself(course, pack):
    archive = pack((ADA + "sums.ipynb", NOTEBOOK), ("Ben_4_assignsubmission_file_/sums.ipynb", bytes(range(256)) * 9))
    content = bytearray(archive.read_bytes())
    at = content.index(b"Ben_4") + 60
    content[at : at + 20] = bytes(20)
    archive.write_bytes(content)
    done = collect(course, archive)
    assert "is damaged" in done.problems[0]
    assert list(placed(course)) == ["ada-lovelace-123/sums/sums.ipynb"]


def test_a_name_that_stands_twice_is_told(course, pack):
    done = collect(course, pack((ADA + "sums.ipynb", b"1"), (ADA + "SUMS.ipynb", b"2")))
    assert "stands there twice; the last one is taken" in done.problems[0]
    assert placed(course) == {"ada-lovelace-123/sums/sums.ipynb": b"2"}


def test_names_in_utf8_without_the_mark_are_read(course, pack):
    archive = pack(("ZoXX Li_5_assignsubmission_file_/sums.ipynb", b""))
    archive.write_bytes(archive.read_bytes().replace(b"ZoXX", "Zoë".encode()))
    collect(course, archive)
    assert read_roster(course)[0].name == "Zoë Li"


def test_a_time_of_handing_in_that_a_student_wrote_is_left_out(course, pack):
    collect(course, pack((ADA + "sums.ipynb", b""), (ADA + "timestamp.txt", b"1999-01-01 00:00:00 UTC")))
    assert list(placed(course)) == ["ada-lovelace-123/sums/sums.ipynb"]


def test_a_file_where_another_needs_a_folder_costs_only_that_student(course, pack):
    ben = "Ben_4_assignsubmission_file_/"
    done = collect(
        course,
        pack((ADA + "sums.ipynb", b""), (ADA + "a", b""), (ADA + "a/b", b""), (ben + "sums.ipynb", b"ben")),
    )
    assert "cannot be written" in done.problems[0]
    assert placed(course) == {"ben-4/sums/sums.ipynb": b"ben"}


def test_a_link_in_the_way_is_not_followed(course, pack, tmp_path):
    course.submitted.mkdir(parents=True)
    (tmp_path / "else").mkdir()
    (course.submitted / "ada-lovelace-123").symlink_to(tmp_path / "else")
    done = collect(course, pack((ADA + "sums.ipynb", b"")), replace=True)
    assert "expected folders, got a link" in done.problems[0]
    assert list((tmp_path / "else").iterdir()) == []


@pytest.mark.parametrize(("content", "message"), [(b"no zip", "expected a zip"), (packed(), "expected names like")])
def test_what_is_no_zip_of_a_known_kind_is_refused_in_one_line(course, tmp_path, content, message):
    (tmp_path / "x.zip").write_bytes(content)
    shown = CliRunner().invoke(cli.app, ["--course", str(course.root), "collect", str(tmp_path / "x.zip")])
    assert shown.exit_code == 2
    assert message in shown.output
    assert len(shown.output.strip().splitlines()) == 1


def test_the_verb_says_what_it_did_and_fails_where_something_was_left_out(course, pack):
    archive = pack((ADA + "sums.ipynb", b""), ("notes.txt", b""))
    shown = CliRunner().invoke(cli.app, ["--course", str(course.root), "collect", str(archive), "--dry-run"])
    assert shown.exit_code == 1
    assert "notes.txt: expected a name as Moodle or Canvas gives it; left out" in shown.output
    assert "1 submissions, 1 problems; nothing was written (1 collected)" in shown.output


@pytest.mark.parametrize(
    ("name", "student", "late"),
    [
        ("smith_jones_LATE_123_456_sums.ipynb", "smith-jones-123", "late"),
        ("o_neil_7_100_sums_2_3_final.ipynb", "o-neil-7", ""),
        ("anon_Ab3dE_100_sums.ipynb", "anon-Ab3dE", ""),
        ("LATE_anon_Ab3dE_100_sums.ipynb", "anon-Ab3dE", "late"),
        ("anonymous_12345_100_sums.ipynb", "anonymous-12345", ""),
    ],
)
def test_names_that_canvas_writes_are_read(course, pack, name, student, late):
    done = collect(course, pack((name, NOTEBOOK)))
    assert done.problems == []
    assert list(placed(course)) == [f"{student}/sums/sums.ipynb"]
    [row] = read_roster(course)
    assert (row.student, row.late) == (student, late)


def test_the_same_student_without_a_name_is_known_again(course, pack):
    for content in (b"1", b"2"):
        collect(course, pack(("anon_Ab3dE_100_sums.ipynb", content)), replace=True)
    assert placed(course)["anon-Ab3dE/sums/sums.ipynb"] == b"2"


@pytest.mark.parametrize("names", ["Participant 1{}_45{}", "Participant_45{}", "Teilnehmerin_45{}"])
def test_a_second_zip_graded_blind_gives_no_problem(course, pack, names):
    for content in (b"1", b"2"):
        entries = [(names.format(*[n] * 2) + "_assignsubmission_file_/sums.ipynb", content) for n in range(3)]
        assert collect(course, pack(*entries), replace=True).problems == []
    assert sorted(placed(course).values()) == [b"1"] * 3 + [b"2"] * 3  # the old ones are kept
    others = [(names.format(*[n] * 2) + "_assignsubmission_file_/sums.ipynb", b"3") for n in range(5, 8)]
    assert collect(course, pack(*others)).problems == []
    assert len({row.student for row in read_roster(course)}) == 6


def test_an_older_attempt_is_never_put_over_a_newer_one(course, pack):
    collect(course, pack(("ada_7_102_sums-2.ipynb", b"new")))
    [problem] = collect(course, pack(("ada_7_99_sums-1.ipynb", b"old")), replace=True).problems
    assert "holds a newer attempt, ada_7_102_sums-2.ipynb" in problem
    assert placed(course) == {"ada-7/sums/sums.ipynb": b"new"}
    [row] = read_roster(course)
    assert row.file == "ada_7_102_sums-2.ipynb"


def test_a_number_in_the_name_of_a_file_makes_it_no_later_attempt(course, pack):
    done = collect(course, pack(("ada_7_100_sums-3.ipynb", b"old"), ("ada_7_105_sums.ipynb", b"new")))
    assert placed(course)["ada-7/sums/sums.ipynb"] == b"new"
    assert "ada_7_105_sums.ipynb is taken" in done.notes[0]


def dated(name, *date):
    return zipfile.ZipInfo(name, (*date, 12, 0, 0))


def test_of_moodle_the_older_zip_is_not_put_over_the_newer_one(course, pack):
    collect(course, pack((dated(ADA + "sums.ipynb", 2026, 3, 2), b"new")))
    [problem] = collect(course, pack((dated(ADA + "sums.ipynb", 2026, 3, 1), b"old")), replace=True).problems
    assert "holds a newer attempt" in problem
    assert "2026-03-02" in problem
    assert placed(course) == {"ada-lovelace-123/sums/sums.ipynb": b"new"}


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_copies_the_one_that_was_worked_on_is_taken(course, pack, order):
    release = tiny.make_notebook([("text", "title", 0, "# Sums"), ("answer", "q1-mean", 0, "pass")])
    course.exercise(TOPIC).parent.mkdir(parents=True)
    nbformat.write(release, course.exercise(TOPIC))
    edited = tiny.answer(release, q1_mean=tiny.MEAN)
    names = [("sums-Copy1.ipynb", nbformat.writes(release)), ("sums-Copy2.ipynb", nbformat.writes(edited))]
    contents = [text for _, text in names][::order]
    done = collect(course, pack(*((ADA + name, text) for (name, _), text in zip(names, contents, strict=True))))
    right = names[0][0] if order < 0 else names[1][0]
    assert f"{right} is taken for sums" in done.problems[0]
    folder = course.submitted / "ada-lovelace-123" / TOPIC
    assert tiny.MEAN in (folder / "sums.ipynb").read_text()
    assert len(list(folder.glob("*.ipynb"))) == 2


LONG = {
    "a number": "Ben_" + "4" * 180 + "_assignsubmission_file_/sums.ipynb",
    "a number of Canvas": "ben_" + "4" * 150 + "_5_sums.ipynb",
    "a number without end": "Ben_" + "4" * 300 + "_assignsubmission_file_/sums.ipynb",
    "a name": "B" * 300 + "_4_assignsubmission_file_/sums.ipynb",
    "a file": "Ben_4_assignsubmission_file_/sums" + "s" * 300 + ".ipynb",
    "a file beside": ADA + "x" * 250,
    "a folder": ADA + "é" * 130 + "/x.py",
}


@pytest.mark.parametrize("name", LONG.values(), ids=LONG)
def test_a_name_too_long_costs_only_itself(course, pack, name):
    done = collect(course, pack((name, NOTEBOOK), (ADA + "sums.ipynb", NOTEBOOK)))
    assert len(done.problems) == 1
    assert "left out" in done.problems[0]
    assert len(done.problems[0]) < 300
    assert list(placed(course)) == ["ada-lovelace-123/sums/sums.ipynb"]


@pytest.mark.parametrize("digits", [20, 200])
def test_a_long_number_of_a_file_does_not_end_the_collection(course, pack, digits):
    name = f"ada_7_{'9' * digits}_sums.ipynb"
    for content in (b"1", b"2"):
        assert collect(course, pack((name, content)), replace=True).problems == []
    assert placed(course)["ada-7/sums/sums.ipynb"] == b"2"


def test_a_group_is_collected_and_told(course, pack):
    done = collect(course, pack(("Group A_12_assignsubmission_file_/sums.ipynb", NOTEBOOK)))
    assert "Group A (number 12) looks like a group" in done.notes[0]
    assert list(placed(course)) == ["group-a-12/sums/sums.ipynb"]


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Group A", True),
        ("Gruppe 3", True),
        ("Blue team", True),
        ("Default group-Ada Lovelace", True),
        ("Ada Lovelace", False),
        ("Anna Grupp", False),
        ("Participant 12", False),
        ("Li", False),
    ],
)
def test_groups_are_told_from_people(name, group):
    assert is_group(name) is group


def handed_in_on(*days):
    return [
        (dated(f"Student {n}_{n}_assignsubmission_file_/sums.ipynb", 2026, 3, day), NOTEBOOK)
        for n, day in enumerate(days)
    ]


def test_times_that_are_those_of_handing_in_are_kept_for_the_gradebook(course, pack, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    done = collect(course, pack(*handed_in_on(1, 2, 5)))
    assert placed(course)["student-2-2/sums/timestamp.txt"] == b"2026-03-05 12:00:00 UTC\n"
    assert "those of the zip" in done.notes[0]
    again = collect(course, pack(*handed_in_on(1, 2, 5)))
    assert {what for _, what in again.placed} == {"the same is there"}


def test_times_of_the_download_are_not_taken_for_those_of_handing_in(course, pack):
    done = collect(course, pack(*handed_in_on(1, 1, 1)))
    assert done.notes == []
    assert not [name for name in placed(course) if name.endswith("timestamp.txt")]
    assert {row.modified for row in read_roster(course)} == {"2026-03-01 12:00:00"}


def test_the_time_in_a_students_own_zip_is_not_believed(course, pack):
    inside = packed((dated("sums.ipynb", 1999, 1, 1), NOTEBOOK))
    collect(course, pack((dated(ADA + "work.zip", 2026, 3, 1), inside)))
    assert read_roster(course)[0].modified == "2026-03-01 12:00:00"


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("Lovelace, Ada", Person("Ada", "Lovelace")),
        ("Ada King Lovelace", Person("Ada King", "Lovelace")),
        ("lovelaceada", Person("", "lovelaceada")),
        ("Participant 12", Person()),
        ("anon", Person()),
        ("A\x1b]0;x\x07da Li", Person("A�]0;x�da", "Li")),
    ],
)
def test_names_have_parts(name, who):
    assert named(name) == who


def test_the_gradebook_can_ask_who_a_student_is(course, pack):
    assert person(course, "ada-lovelace-123") == Person()
    collect(course, pack((ADA + "sums.ipynb", NOTEBOOK)))
    assert person(course, "ada-lovelace-123") == Person("Ada", "Lovelace", "")
    assert person(course, "somebody") == Person()


CELLS = {
    "=1+1": "'=1+1",
    "  =1+1": "'  =1+1",
    '"=1+1': "'\"=1+1",
    "\u00a0@x": "'\u00a0@x",
    "\t=1": "' =1",
    "\uff1d1": "'\uff1d1",
    "-x": "'-x",
    "a\x1b[31m\u202eb": "a�[31m�b",
    "Zoë 李 😀": "Zoë 李 😀",
}


@pytest.mark.parametrize(("text", "cell"), CELLS.items())
def test_no_cell_is_a_formula_and_nothing_moves_the_cursor(text, cell):
    assert safe_cell(text) == cell


@pytest.mark.parametrize("name", ["=Ada", "'=Ada", " +Ada", "'Ada", "Ada"])
def test_what_was_made_safe_is_read_back_as_it_was(course, name):
    course.build.mkdir(parents=True)
    write_roster(course, [], [Handed("ada", name, "moodle", TOPIC, "1", "", "", "x")])
    assert read_roster(course)[0].name == name


def shown(table):
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(table)
    return console.export_text()


def test_names_are_no_markup_on_the_screen(course, pack):
    name = "[/bold]_5_assignsubmission_file_/sums [red].ipynb"
    text = " ".join(shown(summary(collect(course, pack((name, b""))))).split())
    assert "[red]" in text


def test_a_large_class_is_a_short_table_with_what_needs_a_look_first(course):
    rows = [(Handed(f"s{n}", "", "", TOPIC, "", "late" if n == 299 else "", "", "x"), "collected") for n in range(300)]
    table = summary(Collection(rows))
    assert table.row_count == 40
    assert "and 260 more" in shown(table)
    assert "s299" in shown(table)
    assert summary(Collection()) is None


def test_what_was_done_stands_in_one_line():
    late = Handed("s", "", "", TOPIC, "", "late", "", "x")
    done = Collection([(late, "collected"), (late, "left out")], ["a reason"])
    assert (done.sentence, done.counts) == ("2 submissions, 1 problems", "1 collected, 1 left out, 2 late")
