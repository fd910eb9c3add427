//! Exact k-nearest neighbours: the source of ground truth, also an index backend
