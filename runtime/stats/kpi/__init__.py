"""Key figures by location and week, their trends, and what follows from them."""
