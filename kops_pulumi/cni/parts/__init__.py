"""What the files of several network plug-ins are made of: objects of our own, machines' settings, charts' values."""
