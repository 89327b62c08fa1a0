"""What a study found, for people: an HTML file (`html`) and a table for the terminal (`table`).

Import the module you need: `html` brings the charting library with it.
"""
