"""The AWS tongue: EC2, S3 and their kin; wire formats come from the service models."""
