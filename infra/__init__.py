"""What builds, deploys and emulates the product. Nothing in here ships to Lambda."""
