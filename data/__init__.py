"""What touches the world: logs in, store, facts and decisions out."""
