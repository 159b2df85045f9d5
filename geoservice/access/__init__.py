"""Who is asking: users, their keys, and what each role may do. Must not know HTTP."""
