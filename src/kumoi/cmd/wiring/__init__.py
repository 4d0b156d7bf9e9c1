"""The assembly: which adapters stand behind which contracts, one file per process. The only place that names them."""
