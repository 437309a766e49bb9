"""Who may open which URL, a module for each face, and for the API."""
