"""What Tornado has per operating system; here there is no operating system."""
