"""Small tables of projects and hours made for one test at a time, as text and as a spreadsheet."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from data.access import Person
from data.terms import Action

OPERATOR = Person(name="olga", role="operator", may=frozenset(Action))
READER = Person(name="rita", role="reader", may=frozenset({Action.READ}))
HEADER = "System,Account,Title,Category,Organisation,Country,Field,Mode,Call,Node hours,Start,End"
OOXML = "http://schemas.openxmlformats.org"
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{OOXML}/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{OOXML}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{OOXML}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{OOXML}/spreadsheetml/2006/main" '
    f'xmlns:r="{OOXML}/officeDocument/2006/relationships"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{OOXML}/package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{OOXML}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def written(folder: Path, text: str | bytes, name: str = "table.csv") -> Path:
    """A file of this text."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def spreadsheet(rows: Sequence[Sequence[object]]) -> bytes:
    """An XLSX file with these rows in its first sheet."""
    lines = "".join(f'<row r="{number}">{_cells(number, row)}</row>' for number, row in enumerate(rows, 1))
    sheet = f'<worksheet xmlns="{OOXML}/spreadsheetml/2006/main"><sheetData>{lines}</sheetData></worksheet>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (PARTS | {"xl/worksheets/sheet1.xml": sheet}).items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return buffer.getvalue()


def _cells(number: int, row: Sequence[object]) -> str:
    found = []
    for place, value in enumerate(row):
        reference = f"{chr(ord('A') + place)}{number}"
        if isinstance(value, str):
            found.append(f'<c r="{reference}" t="inlineStr"><is><t>{escape(value)}</t></is></c>')
        elif value is not None:
            found.append(f'<c r="{reference}"><v>{value}</v></c>')
    return "".join(found)
