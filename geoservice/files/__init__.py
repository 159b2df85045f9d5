"""Files → rows and rows → files: reading, checking, importing, publishing and exporting.

Knows files, geometries and the store's tables; must not know the web or the command line.
"""
