"""Pictures of stored images, without a scene: pure functions over files, for the worker processes."""
