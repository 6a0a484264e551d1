from pathlib import Path

FILE = Path("/app/greeting.txt")


def test_file_is_there():
    assert FILE.is_file()


def test_content():
    assert FILE.read_text() == "good morning\n"
