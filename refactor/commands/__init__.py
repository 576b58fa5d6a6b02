"""The commands of ``uncallback``, one module each, imported when the command is used."""
