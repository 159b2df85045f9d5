"""Questions of distance: what lies near what, and what is nearest."""
