"""Questions over the quota ledger and its parcels."""
