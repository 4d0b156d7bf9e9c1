"""EC2, API version 2016-11-15: `tongue` has it whole, one file a noun has its operations and how it is shown."""
