"""Questions over land reserves: the hazards that they meet, and the target of public land."""
