"""What all doors share of HTTP: routes, base handler, negotiation, static pages, listening."""
