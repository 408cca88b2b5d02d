"""What is asked, and how it looks on paper. Knows no image, no database, no web."""
