"""People in a PostgreSQL database, for those who outgrow one machine. Imported only when that is chosen."""
