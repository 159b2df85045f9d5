"""Questions over the remediation programme: its state, its money, and who is to be treated first."""
