"""The only place that speaks SQL. Each room holds the rows of one noun; a caller opens the transaction."""
