"""What is measured of the machine, and of multilayer alone."""
