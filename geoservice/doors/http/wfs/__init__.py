"""The WFS, versions 2.0.0, 1.1.0 and 1.0.0, on the same queries as every other way in.

A request goes from `endpoint` through `keywords` or `bodies` to an operation of `operations`, and from
there to what answers it. Knows no SQL.
"""
