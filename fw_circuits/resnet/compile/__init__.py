"""Write solutions as networks: the layered form, its gadgets, and the exact compiler."""
