"""Changing features: every door that writes brings its operations here.

`operations` says what may be done, `values` reads values as they come from outside, `carrying_out`
does it in one transaction; `locks`, `restoring` and `repeats` are what edits need beside that.
Must not know HTTP, XML or files.
"""
