"""CSVs of pixels as people find them: where the label stands, what is a title, which size fits."""

import gzip
import itertools

import numpy as np
import pytest
from counted_folder import InMemory

from colab_helpers.drive import DriveError
from colab_helpers.sources import CsvError, open_csv

FOUR = "10,20,30,40"
OTHER_FOUR = "50,60,70,80"


def opened(text, folder, size=(2, 2), color_mode="grayscale"):
    content = text if isinstance(text, bytes) else text.encode()
    index = folder / "rows.npz"
    return open_csv(InMemory("p.csv", content), "p.csv", size, color_mode=color_mode, index=index)


def read_all(rows):
    return [(file.label, list(rows.read(file))) for file in rows.list_images()]


TWO = [("1", [10, 20, 30, 40]), ("0", [50, 60, 70, 80])]
FORMS = {
    "label last": f"pixel0,pixel1,pixel2,pixel3,label\n{FOUR},1\n{OTHER_FOUR},0\n",
    "class last": f"0000,0001,0002,0003,class\n{FOUR},1\n{OTHER_FOUR},0\n",
    "y last": f"x0,x1,x2,x3,y\n{FOUR},1\n{OTHER_FOUR},0\n",
    "label amid": "p0,p1,Label,p2,p3\n10,20,1,30,40\n50,60,0,70,80\n",
    "any word": f"flower,pixel0,pixel1,pixel2,pixel3\n1,{FOUR}\n0,{OTHER_FOUR}\n",
    "any words": f"flower,a,b,c,d\n1,{FOUR}\n0,{OTHER_FOUR}\n",
    "rows and columns": f"label,1x1,1x2,2x1,2x2\n1,{FOUR}\n0,{OTHER_FOUR}\n",
    "columns and rows": f"label,1x1,2x1,1x2,2x2\n1,{FOUR}\n0,{OTHER_FOUR}\n",
    "colors": f"label,r0,r1,g0,g1\n1,{FOUR}\n0,{OTHER_FOUR}\n",
    "pandas": f"label,0,1,2,3\n1,{FOUR}\n0,{OTHER_FOUR}\n",
    "pandas, label last": f"0,1,2,3,target\n{FOUR},1\n{OTHER_FOUR},0\n",
    "pandas with index": f",label,0,1,2,3\n0,1,{FOUR}\n1,0,{OTHER_FOUR}\n",
    "index read by pandas": f"Unnamed: 0,label,p0,p1,p2,p3\n0,1,{FOUR}\n1,0,{OTHER_FOUR}\n",
    "R": f'"label","p1","p2","p3","p4"\n"1",1,{FOUR}\n"2",0,{OTHER_FOUR}\n',
    "id and label": f"id,p0,p1,p2,p3,label\n7,{FOUR},1\n8,{OTHER_FOUR},0\n",
    "FER2013": "emotion,pixels,Usage\n1,10 20 30 40,Training\n0,50 60 70 80,PublicTest\n",
    "spaces in titles": "emotion, Usage, pixels\n1, Training, 10 20 30 40\n0,Test,50 60 70 80\n",
    "pixels first": '"pixels","emotion"\n"10 20 30 40","1"\n"50 60 70 80","0"\n',
    "label of numbers": f"label,p0,p1,p2,p3\n1 2,{FOUR}\n0 2,{OTHER_FOUR}\n",
    "quotes": '"label","p0","p1","p2","p3"\n"1","10","20","30","40"\n"0","50","60","70","80"\n',
    "windows": f"label,p0,p1,p2,p3\r\n1,{FOUR}\r\n\r\n0,{OTHER_FOUR}\r\n",
    "byte order mark": f"\ufefflabel,p0,p1,p2,p3\n1,{FOUR}\n0,{OTHER_FOUR}",
    "blank rows of a spreadsheet": f"\ufeff\n,,,,\nlabel,0,1,2,3\n1,{FOUR}\n,,,,\n0,{OTHER_FOUR}\n",
    "semicolons": "label;p0;p1;p2;p3\n1;10;20;30;40\n0;50;60;70;80\n",
    "tabs": "label\tp0\tp1\tp2\tp3\n1\t10\t20\t30\t40\n0\t50\t60\t70\t80\n",
    "floats": "label,p0,p1,p2,p3\n1,10.0,20.0,3e1,40.0\n0,50.0,60.0,70.0,80.0\n",
    "label beside class": f"label,class,p0,p1,p2,p3\n1,cat,{FOUR}\n0,dog,{OTHER_FOUR}\n",
    "no titles": f"1,{FOUR}\n0,{OTHER_FOUR}\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_label_is_where_the_titles_say(tmp_path, form):
    found = read_all(opened(FORMS[form], tmp_path))
    assert [(label.removesuffix(" 2"), values) for label, values in found] == TWO


@pytest.mark.parametrize(
    "text",
    [
        f"pixel0,pixel1,pixel2,pixel3\n{FOUR}\n",
        f"{FOUR}\n",
        f",0,1,2,3\n0,{FOUR}\n",
        f"id,pixel0,pixel1,pixel2,pixel3\n7,{FOUR}\n",
        "pixels,Usage\n10 20 30 40,Test\n",
        "pixels\n10 20 30 40\n",
    ],
)
def test_rows_without_a_label_are_read(tmp_path, text):
    """As of a test set whose labels are kept secret: the label is empty."""
    rows = opened(text, tmp_path)
    assert read_all(rows) == [("", [10, 20, 30, 40])]
    (file,) = rows.list_images()
    assert file.path == file.name


def test_a_label_in_words_is_found_where_it_stands_without_titles(tmp_path):
    text = f"{FOUR},cat\n{OTHER_FOUR},dog\n"
    assert [label for label, _ in read_all(opened(text, tmp_path))] == ["cat", "dog"]


@pytest.mark.parametrize(
    "text, labels",
    [
        ("dark,0,1,2,3\nlight,252,253,254,255\n", ["dark", "light"]),
        ("label,0,1,2,9\n", ["label"]),
        (",5,6,7,8\n", [""]),
    ],
)
def test_a_first_line_that_is_a_row_is_listed(tmp_path, text, labels):
    """A dark picture begins as the titles of pandas do; its label is no usual title."""
    assert [file.label for file in opened(text, tmp_path).list_images()] == labels


@pytest.mark.parametrize("columns", [784, 785])
def test_the_default_titles_of_pandas_are_told_by_their_number_alone(tmp_path, columns):
    """No pixel is 256 or more. With one column more than pixels, the first is the label."""
    titles = ",".join(map(str, range(columns)))
    text = f"{titles}\n" + ",".join(["7"] * columns) + "\n"
    label = "7" if columns == 785 else ""
    assert read_all(opened(text, tmp_path, (28, 28))) == [(label, [7] * 784)]


def test_pictures_with_color_have_their_label_last_too(tmp_path):
    titles = ",".join(f"pixel{n:04}" for n in range(12))
    text = f"{titles},label\n" + ",".join(map(str, range(20, 32))) + ",4\n"
    rows = opened(text, tmp_path, (2, 2), "rgb")
    assert read_all(rows) == [("4", list(range(20, 32)))]
    (file,) = rows.list_images()
    expected = np.arange(20, 32).reshape(2, 2, 3)
    np.testing.assert_array_equal(rows.decode(rows.read(file)), expected)


def titled(count):
    return "label," + ",".join(f"pixel{n}" for n in range(count)) + "\n5" + ",0" * count + "\n"


MISFITS = {
    "another size": (
        titled(784),
        "784 values, not 12; image_size=(28, 28), color_mode='grayscale'",
    ),
    "grey": (titled(4), "4 values, not 12; image_size=(2, 2), color_mode='grayscale' would fit"),
    "color": (titled(27), "27 values, not 12; image_size=(3, 3), color_mode='rgb' would fit"),
    "no titles": ("5" + ",0" * 784, "784 values, not 12; image_size=(28, 28)"),
    "no label": (",".join("0" * 784), "image_size=(28, 28), color_mode='grayscale' would fit"),
    "no square": (titled(30), "30 values, not 12; image_size=(5, 6), color_mode='grayscale'"),
    "no picture": (titled(11), "its rows have 11 values, not 12. It needs"),
    "in one column": ("emotion,pixels\n1,1 2 3 4\n", "4 values, not 12; image_size=(2, 2)"),
    "the label missing": (titled(12).replace("label", "pixel12"), "13 values, not 12"),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit_the_size_is_refused_at_once(tmp_path, case):
    """With the size that would fit, and not by the first batch."""
    text, said = MISFITS[case]
    with pytest.raises(CsvError) as error:
        opened(text, tmp_path, (2, 2), "rgb")
    assert str(error.value).startswith("Could not open the CSV 'p.csv' (id 1): its rows have ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    "text, said",
    [
        ("cat,0.5,0.25,0.1,0\n", "in line 1, value 1 is 0.5, not a whole number from 0 to 255"),
        ("label,p0,p1,p2,p3\ncat,-1,-1,-1,-1\n", "in line 2, value 1 is -1, not a whole number"),
        ("age,gender,pixels\n1,0,1 2 3 4\n", "its label could be in 'age', 'gender': change the"),
        ("class,breed,p0,p1,p2,p3\n1,0,1,2,3,4\n", "its label could be in 'class', 'breed'"),
        ("label,p0,p1,p2,p3\n", "it has no rows"),
        ("label,p1,p10,p2,p3\ncat,1,10,2,3\n", "in the order of their numbers: p1, p10, p2, p3, "),
        ("label,1x1,2x2,1x2,2x1\ncat,1,4,2,3\n", "in the order of their numbers: 1x1, 2x2, "),
    ],
)
def test_what_would_fail_for_each_row_is_refused_at_once(tmp_path, text, said):
    with pytest.raises(CsvError) as error:
        opened(text, tmp_path)
    assert said in str(error.value)


def test_one_bad_row_at_the_start_does_not_decide_about_the_others(tmp_path):
    rows = opened(f"broken\ncat,x,0,0,0\ncat,{FOUR}\ndog,{OTHER_FOUR}\n", tmp_path)
    files = list(rows.list_images())
    assert [file.name for file in files] == ["line 1", "line 2", "line 3", "line 4"]
    assert {file.label for file in files} == {"cat", "dog"}
    assert list(rows.read(files[3])) == [50, 60, 70, 80]


def test_one_bad_row_of_pixels_in_one_column_does_not_decide_about_the_others(tmp_path):
    text = "emotion,pixels\n3,broken\n1,10 20 30 40\n0,50 60 70 80\n"
    rows = opened(text, tmp_path)
    files = list(rows.list_images())
    assert [list(rows.read(file)) for file in files[1:]] == [values for _, values in TWO]
    with pytest.raises(CsvError, match="line 2 of the CSV 'p.csv'.*it has 1 values, not 4"):
        rows.read(files[0])


def test_labels_that_are_written_in_two_ways_are_one(tmp_path):
    """Composed or not; a label finds its rows in either."""
    rows = opened(f"ü,{FOUR}\nu\u0308,{OTHER_FOUR}\n", tmp_path)
    assert [file.label for file in rows.list_images()] == ["ü", "ü"]
    assert len(list(rows.list_images("u\u0308"))) == 2


def test_labels_that_look_alike_are_said(tmp_path):
    rows = opened(f"cat,{FOUR}\ncat\u200b,{OTHER_FOUR}\n", tmp_path)
    with pytest.warns(UserWarning, match="look alike"):
        assert len(list(rows.list_images())) == 2


def test_labels_that_are_no_utf8_stop_nothing(tmp_path):
    """And are not taken for one; what a screen would obey is shown."""
    text = b"caf\xe9,10,20,30,40\nth\xe9,1,2,3,4\n\x1b[31m,1,2,3\n"
    for _ in range(2):  # from the CSV, then from the index
        rows = opened(text, tmp_path)
        assert [file.label for file in rows.list_images()] == ["caf\udce9", "th\udce9", "caf\udce9"]
    with pytest.raises(CsvError) as error:
        rows.list_images("\x1b[31m")
    str(error.value).encode()
    assert "\x1b" not in str(error.value)


# What is made to do harm


def test_a_gzip_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    """It fills no disk: what it unpacks to is bounded."""
    from colab_helpers.sources import csv_unpacked

    monkeypatch.setattr(csv_unpacked, "ALWAYS_ALLOWED_BYTES", 1 << 20)
    bomb = gzip.compress(f"rose,{FOUR}\n".encode() * 200_000)
    with pytest.raises(CsvError, match="it unpacks to more than .* bytes, as a bomb does"):
        opened(bomb, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_blank_lines_without_end_are_refused(tmp_path):
    with pytest.raises(CsvError, match="more than 100000 lines are blank, such as line 100001"):
        opened(gzip.compress(b"\n" * 300_000), tmp_path)


def test_any_damage_is_a_csv_error_or_harmless(tmp_path):
    """Seeded damage to each form: rows that are right, or an error that names the file."""
    rng = np.random.default_rng(0)
    forms = itertools.cycle(FORMS.values())
    opened_well = 0
    for text in itertools.islice(forms, 400):
        bad = bytearray(text.encode())
        for place in rng.integers(len(bad), size=rng.integers(1, 6)):
            bad[place] = rng.choice(list(b'0,;" \t\n\r\xff\x00-x1.'))
        (tmp_path / "rows.npz").unlink(missing_ok=True)
        try:
            rows = opened(bytes(bad), tmp_path)
        except CsvError as error:
            assert "'p.csv' (id 1)" in str(error)
            continue
        opened_well += 1
        for file in rows.list_images():
            try:
                assert len(rows.read(file)) == 4
            except DriveError as error:
                assert "'p.csv' (id 1#" in str(error)
    assert opened_well > 200
