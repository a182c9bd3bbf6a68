"""Other servers of the same scene, to be measured beside ours."""
