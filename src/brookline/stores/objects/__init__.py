"""A plane in a bucket of S3, a store that is compatible with it, GCS or Azure; imported on first use."""
