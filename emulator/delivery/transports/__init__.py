"""The ways to put a planned attempt on its way and to see what happened; never when or why."""
