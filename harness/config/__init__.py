"""What files and environment say: where things live, and the facts of each board kind."""
