//! The file by which a worker hands over latencies and neighbours: raw little arrays, written once
//! after the timing, read once, and removed. Not a format for keeping.

use std::{fs, io, path::Path};

use annbench_vectors::Neighbors;

/// Latencies and neighbours of one measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Nanoseconds in the search: one a query in mode single, one in all in mode batch.
    pub latencies_ns: Vec<u64>,
    /// The neighbours of every query.
    pub neighbors: Neighbors,
}

/// Writes latencies and neighbours.
///
/// # Errors
/// Whatever the file system says.
pub fn write(path: &Path, latencies_ns: &[u64], neighbors: &Neighbors) -> io::Result<()> {
    let (n_queries, k) = (neighbors.n_queries(), neighbors.k());
    let mut words = vec![latencies_ns.len() as u64, n_queries as u64, k as u64];
    words.extend_from_slice(latencies_ns);
    for query_idx in 0..n_queries {
        let (ids, scores) = (neighbors.ids(query_idx), neighbors.scores(query_idx));
        words.push(ids.len() as u64);
        words.extend_from_slice(ids);
        words.extend(scores.iter().map(|score| u64::from(score.to_bits())));
    }
    fs::write(path, bytemuck::cast_slice(&words))
}

/// Reads what [`write()`] wrote.
///
/// # Errors
/// Whatever the file system says; [`io::ErrorKind::InvalidData`] if the file is cut short.
pub fn read(path: &Path) -> io::Result<Answers> {
    let bytes = fs::read(path)?;
    let words: Vec<u64> = bytes
        .chunks_exact(size_of::<u64>())
        .map(bytemuck::pod_read_unaligned)
        .collect();
    parse(&words).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{}: the answers are cut short", path.display()),
        )
    })
}

fn parse(words: &[u64]) -> Option<Answers> {
    let mut words = words.iter().copied();
    let n_latencies = words.next()? as usize;
    let (n_queries, k) = (words.next()? as usize, words.next()? as usize);
    let latencies_ns = take(&mut words, n_latencies)?;
    let mut neighbors = Neighbors::new(n_queries, k);
    for query_idx in 0..n_queries {
        let count = words.next()? as usize;
        let ids = take(&mut words, count)?;
        let scores = take(&mut words, count)?;
        let scores = scores.into_iter().map(|bits| f32::from_bits(bits as u32));
        neighbors
            .row_mut(query_idx)
            .fill(0, ids.into_iter().zip(scores));
    }
    Some(Answers {
        latencies_ns,
        neighbors,
    })
}

fn take(words: &mut impl ExactSizeIterator<Item = u64>, n: usize) -> Option<Vec<u64>> {
    (words.len() >= n).then(|| words.take(n).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_survive_the_way_through_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers");
        let mut neighbors = Neighbors::new(2, 3);
        neighbors.as_mut().fill(1, [(7, 0.5), (u64::MAX, -1.0)]);
        write(&path, &[11, 12], &neighbors).unwrap();
        let answers = read(&path).unwrap();
        assert_eq!(answers.latencies_ns, [11, 12]);
        assert_eq!(answers.neighbors, neighbors);
    }

    #[test]
    fn a_file_cut_short_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answers");
        write(&path, &[11, 12], &Neighbors::new(2, 3)).unwrap();
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(read(&path).is_err(), "{length} of {} bytes", whole.len());
        }
    }
}
