"""What a study found, for people: an HTML file and a table for the terminal."""
