"""Reports: any answer as a workbook, as a printable page, and as the PDF of that page.

Knows answers, never HTTP; `writing` is the way in for all doors, `answered` for what is not asked
now but was saved earlier.
"""
