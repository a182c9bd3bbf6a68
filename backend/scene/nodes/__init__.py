"""The scene's nodes as people see them: an index that follows the scene, rows of the tree, how nodes are shown."""
