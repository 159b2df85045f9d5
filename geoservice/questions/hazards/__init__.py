"""Questions over the register of hazard sites: how many as of a date, and what changed since."""
