//! Modes with what there is to choose in them, spelt out.

use std::collections::BTreeSet;

use annbench_store::results::{Load, Mode};

use super::resolve::positive;
use crate::{
    experiment::{Counts, Mistake, Written},
    threads::all_threads,
};

/// Every load that the experiment asks for, each once, in the order of the modes.
pub(super) fn loads(written: &Written) -> Result<Vec<Load>, Mistake> {
    let measure = &written.experiment.measure;
    let modes: BTreeSet<Mode> = measure.modes.iter().copied().collect();
    if modes.is_empty() {
        let message = "no mode to measure; use [\"single\", \"batch\"]";
        return Err(written.places.mistake("measure.modes", message));
    }
    let mut loads = BTreeSet::new();
    for mode in modes {
        loads.extend(of_mode(written, mode)?);
    }
    Ok(loads.into_iter().collect())
}

fn of_mode(written: &Written, mode: Mode) -> Result<Vec<Load>, Mistake> {
    let measure = &written.experiment.measure;
    let threaded = |threads: Vec<usize>| {
        let load = |threads| Load {
            mode,
            threads,
            rate_qps: None,
        };
        threads.into_iter().map(load).collect()
    };
    match mode {
        Mode::Single => Ok(threaded(vec![1])),
        Mode::Batch => {
            let threads = counts(written, "measure.threads", measure.threads.as_ref())?;
            Ok(threaded(threads.unwrap_or_else(|| vec![all_threads()])))
        }
        Mode::Concurrent => {
            let clients = counts(written, "measure.clients", measure.clients.as_ref())?;
            Ok(threaded(clients.unwrap_or_else(doubling)))
        }
        Mode::OpenLoop => {
            let rates = counts(written, "measure.rates", measure.rates.as_ref())?;
            let rates = rates.ok_or_else(|| {
                let message = "mode open_loop needs rates; add rates = [1000, 2000], in queries a \
                               second";
                written.places.mistake("measure.modes", message)
            })?;
            let load = |rate: usize| Load {
                mode,
                threads: all_threads(),
                rate_qps: Some(rate as u64),
            };
            Ok(rates.into_iter().map(load).collect())
        }
    }
}

/// The numbers given under a key, all at least 1 and at least one of them.
fn counts(
    written: &Written,
    key: &str,
    counts: Option<&Counts>,
) -> Result<Option<Vec<usize>>, Mistake> {
    let Some(counts) = counts.map(Counts::as_slice) else {
        return Ok(None);
    };
    if counts.is_empty() {
        let message = "the list is empty; give it at least one value";
        return Err(written.places.mistake(key, message));
    }
    let counts = counts.iter().map(|&count| positive(written, key, count));
    counts.collect::<Result<_, _>>().map(Some)
}

/// 1, 2, 4 and so on, up to all threads of the machine.
fn doubling() -> Vec<usize> {
    let all = all_threads();
    let doubled = std::iter::successors(Some(1), |&clients| Some(clients * 2));
    let mut clients: Vec<usize> = doubled.take_while(|&clients| clients < all).collect();
    clients.push(all);
    clients
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_double_up_to_the_machine_and_end_with_it() {
        let clients = doubling();
        assert_eq!(clients.last(), Some(&all_threads()));
        assert!(clients.is_sorted_by(|a, b| a < b) && clients[0] == 1 || all_threads() == 1);
    }
}
