"""From a location's source to photos with cameras, sparse points and a support surface."""
