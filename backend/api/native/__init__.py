"""Our own API: uploads, loading, the scene's description."""
