"""PyTorch: networks to modules and back, and training by gradient descent.  Imported only where torch is used."""
