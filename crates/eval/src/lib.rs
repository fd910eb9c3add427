//! Ground truth with ties, recall@k, latency statistics, intervals, Pareto front: pure functions
