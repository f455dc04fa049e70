"""Benefits tried out: equal to a plain replay, nothing when nothing changes, nothing stored touched."""
