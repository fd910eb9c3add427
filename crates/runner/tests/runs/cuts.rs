//! Coordinators that are killed, stopped, kept from writing, or started twice.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::Duration,
};

use annbench_runner::{Interrupted, Observer, Silent, Stop};
use libtest_mimic::Trial;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rustix::process::{Pid, Signal, getpgid};

use crate::{
    PLAIN,
    coordinator::Coordinator,
    world::{Going, World, but_for_times},
};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        twenty_kills_change_nothing_but_times,
        a_worker_does_not_outlive_a_killed_coordinator,
        a_signal_stops_a_run_that_then_goes_on,
        a_signal_stops_a_build_that_hangs,
        a_run_stops_at_whatever_step_it_is,
        a_full_disk_ends_a_run_that_then_goes_on,
        a_full_disk_is_no_failure_of_the_index_that_met_it,
        two_runs_of_one_plan_exclude_each_other,
    ]
}

const KILLS: usize = 20;

/// Measurements of a round: three points, a duplicate and the null index, in two modes.
const PER_ROUND: usize = (3 + 2) * 2;

/// Rounds enough to be killed that often.
fn long() -> String {
    format!("[measure]\nrounds = 40\nbudget = \"10m\"\n{PLAIN}")
}

/// A build that hangs, and the file that its worker keeps locked.
fn hanging(world: &World) -> (String, PathBuf) {
    let watch = world.path().join("watched");
    let index = format!(
        "[[index]]\ntype = \"mock\"\nbuild = \"hang\"\nwatch = \"{}\"\n",
        watch.display()
    );
    (index, watch)
}

/// Measurements in a journal.
fn timed(journal: &[String]) -> usize {
    let timed = journal.iter().filter(|line| line.contains("\"timed\""));
    timed.count()
}

fn twenty_kills_change_nothing_but_times() {
    let undisturbed = World::new().run(&long());
    let world = World::new();
    world.write(&long());
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut before = Vec::new();
    for kill in 0..KILLS {
        let moment = Moment::draw(&mut random, timed(&before));
        let mut coordinator = Coordinator::start(&world);
        assert!(
            moment.comes(&mut coordinator),
            "{kill}: {moment:?} never came"
        );
        // Anywhere in what follows, not only where something is told.
        thread::sleep(Duration::from_micros(random.random_range(0..3000)));
        coordinator.kill();
        let after = world.journal();
        assert!(after.starts_with(&before), "{kill}: something was lost");
        if let Moment::Measured(number) = moment {
            assert!(timed(&after) >= number, "{kill}: what was told was lost");
        }
        before = after;
    }
    let finished = world.go(Going::on(&mut Silent)).unwrap();
    let journal = world.journal();
    assert!(
        journal.starts_with(&before),
        "something was lost in the end"
    );
    assert_eq!(
        timed(&journal),
        40 * PER_ROUND,
        "nothing was measured twice"
    );
    assert_eq!(but_for_times(&finished), but_for_times(&undisturbed));
}

/// When to kill.
#[derive(Debug)]
enum Moment {
    /// After so many words, of which the first are about reading and building.
    Early(usize),
    /// After so many points were measured.
    Measured(usize),
}

impl Moment {
    /// Most are a little further than the last kill came.
    fn draw(random: &mut ChaCha8Rng, measured: usize) -> Self {
        match random.random_range(0..4) {
            0 => Self::Early(random.random_range(0..12)),
            _ => Self::Measured(measured + random.random_range(0..8)),
        }
    }

    fn comes(&self, coordinator: &mut Coordinator) -> bool {
        let mut words = 0;
        coordinator.comes_to(|line| {
            words += 1;
            match *self {
                Self::Early(number) => words > number,
                Self::Measured(number) => {
                    let done = line.strip_prefix("measure: ");
                    done.is_some_and(|done| done.parse::<usize>().unwrap() >= number)
                }
            }
        })
    }
}

/// Whether whoever locks the file ends, in good time.
fn is_released(path: &Path) -> bool {
    let file = File::open(path).unwrap();
    let (sender, released) = mpsc::channel();
    thread::spawn(move || sender.send(file.lock().is_ok()));
    matches!(released.recv_timeout(Duration::from_secs(20)), Ok(true))
}

fn is_locked(path: &Path) -> bool {
    File::open(path).unwrap().try_lock().is_err()
}

fn a_worker_does_not_outlive_a_killed_coordinator() {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped: only Linux ends a worker that is busy");
        return;
    }
    let world = World::new();
    let (index, watch) = hanging(&world);
    world.write(&index);
    let mut coordinator = Coordinator::start(&world);
    assert!(coordinator.comes_to(|line| line.ends_with("train: 1")));
    assert!(is_locked(&watch), "a worker is at work");
    coordinator.kill();
    assert!(is_released(&watch));
}

fn a_signal_stops_a_run_that_then_goes_on() {
    let undisturbed = World::new().run(&long());
    for signal in [Signal::INT, Signal::TERM] {
        let world = World::new();
        world.write(&long());
        let mut coordinator = Coordinator::start(&world);
        assert!(coordinator.comes_to(|line| line == "measure: 20"));
        coordinator.signal_group(signal);
        let (code, said) = coordinator.end();
        assert_eq!(code, Some(130), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("stopped; 3 indexes and "), "{said}");
        assert!(
            said.ends_with("the same command goes on from there\n"),
            "{said}"
        );
        let journal = world.journal();
        assert!(journal.len() > 20);
        let finished = world.go(Going::on(&mut Silent)).unwrap();
        assert!(world.journal().starts_with(&journal));
        assert_eq!(but_for_times(&finished), but_for_times(&undisturbed));
    }
}

fn a_signal_stops_a_build_that_hangs() {
    let world = World::new();
    let (index, watch) = hanging(&world);
    world.write(&format!("[measure]\nrounds = 3\n{PLAIN}{index}"));
    let mut coordinator = Coordinator::start(&world);
    assert!(coordinator.comes_to(|line| line.ends_with("train: 1")));
    let worker = std::fs::read_to_string(&watch).unwrap().parse().unwrap();
    let group = getpgid(Pid::from_raw(worker)).unwrap();
    assert_eq!(
        group.as_raw_pid(),
        worker,
        "Ctrl-C is not the worker's to hear"
    );
    coordinator.signal_group(Signal::INT);
    let (code, said) = coordinator.end();
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.starts_with("stopped; 2 indexes and 0 measurements"),
        "{said}"
    );
    assert!(!is_locked(&watch), "its worker is gone before it is");
    assert_eq!(world.journal().len(), 2, "the build is no failure");
}

/// Stops a run when a step begins.
struct StopAt<'a> {
    step: &'a str,
    stop: Stop,
}

impl Observer for StopAt<'_> {
    fn begin(&mut self, step: &str, _: Option<u64>) {
        if step.starts_with(self.step) {
            self.stop.request();
        }
    }
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn note(&mut self, _: &str) {}
}

fn a_run_stops_at_whatever_step_it_is() {
    for (step, expected) in [
        ("before the first", "nothing was measured yet"),
        ("ground truth", "0 indexes and 0 measurements are kept"),
        ("build null", "1 index and 0 measurements are kept"),
        ("measure", "3 indexes and 0 measurements are kept"),
    ] {
        let world = World::new();
        world.write(PLAIN);
        let stop = Stop::default();
        if step == "before the first" {
            stop.request();
        }
        let mut observer = StopAt {
            step,
            stop: stop.clone(),
        };
        let going = Going {
            stop,
            ..Going::on(&mut observer)
        };
        let error = world.go(going).err().unwrap();
        assert!(error.is::<Interrupted>(), "{step}: {error:#}");
        assert!(error.to_string().contains(expected), "{step}: {error:#}");
        let is_computed = world.path().join("cache/truth").exists();
        let is_later = step.starts_with("build") || step == "measure";
        assert_eq!(
            is_computed, is_later,
            "{step}: it does not wait for the ground truth"
        );
        assert!(world.go(Going::on(&mut Silent)).unwrap().is_complete());
    }
}

fn a_full_disk_ends_a_run_that_then_goes_on() {
    let undisturbed = World::new().run(&long());
    let world = World::new();
    world.write(&long());
    let coordinator = Coordinator::with_little_space(&world, 32);
    let (code, said) = coordinator.end();
    assert_eq!(code, Some(1), "{said}");
    let journal = world.journal();
    let measured = timed(&journal);
    assert!(measured > 0 && measured < 40 * PER_ROUND, "{measured}");
    let expected = format!("cut off, but 3 indexes and {measured} measurements are kept in ");
    assert!(said.starts_with(&expected), "{said}");
    assert!(said.contains("journal.jsonl: "), "{said}");
    let finished = world.go(Going::on(&mut Silent)).unwrap();
    assert!(world.journal().starts_with(&journal), "nothing is lost");
    assert_eq!(but_for_times(&finished), but_for_times(&undisturbed));
}

fn a_full_disk_is_no_failure_of_the_index_that_met_it() {
    let world = World::new();
    world.write(&format!(
        "{PLAIN}[[index]]\ntype = \"mock\"\npadding = 100000\n"
    ));
    let (code, said) = Coordinator::with_little_space(&world, 64).end();
    assert_eq!(code, Some(1), "{said}");
    let expected = "cut off, but 2 indexes and 0 measurements are kept in ";
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(world.journal().len(), 2, "the build is no failure");
    let finished = world.go(Going::on(&mut Silent)).unwrap();
    assert!(finished.is_complete());
}

fn two_runs_of_one_plan_exclude_each_other() {
    let world = World::new();
    let (index, _) = hanging(&world);
    world.write(&index);
    let mut first = Coordinator::start(&world);
    assert!(first.comes_to(|line| line.ends_with("train: 1")));
    let (code, said) = Coordinator::start(&world).end();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another annbench is working on"), "{said}");
    assert!(
        said.contains("wait for it, or begin a new run with --fresh"),
        "{said}"
    );
    first.kill();
}
