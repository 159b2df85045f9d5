"""Maps for desktop programs: QGIS styles and projects, SLD, written from descriptions alone.

Must not know HTTP and no SQL: where the service is and what is synthetic, the door says.
"""
