use super::*;

/// Arms with curves: recall `1 - exp(-(at / scale)^0.7)` up to a ceiling, qps `speed / (1 + at)`.
struct Simulated(Vec<[f64; 3]>);

impl Simulated {
    fn mark(&self, arm: usize, at: f64) -> Landmark {
        let [scale, ceiling, speed] = self.0[arm];
        Landmark {
            at,
            recall: ceiling * (1.0 - (-(at / scale).powf(0.7)).exp()),
            qps: speed / (1.0 + at),
        }
    }

    /// The fastest arm with its qps at the smallest value that reaches a target.
    fn best(&self, arms: &[Arm], target: f64) -> (usize, f64) {
        let at = |arm: usize| {
            let values = (arms[arm].reach.low as u32..=arms[arm].reach.high as u32).map(f64::from);
            let marks = values.map(|at| self.mark(arm, at));
            let mut reaching = marks.filter(|mark| mark.recall >= target);
            Some((arm, reaching.next()?.qps))
        };
        let best = (0..arms.len()).filter_map(at);
        best.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
    }
}

impl Measure for Simulated {
    fn measure(&mut self, arm: usize, at: f64) -> Result<Option<(Landmark, f64)>> {
        let mark = self.mark(arm, at);
        Ok(Some((mark, mark.recall - 0.01)))
    }
}

fn arm(kind: usize, rank: usize) -> Arm {
    Arm {
        kind,
        place: vec![rank],
        key: Some(format!("key{}", kind % 2)),
        reach: Reach {
            low: 1.0,
            high: 256.0,
            is_whole: true,
        },
        is_exact: false,
    }
}

/// Four kinds of three builds each, as a sweep has them.
fn field() -> (Vec<Arm>, Simulated) {
    let arms = (0..4)
        .flat_map(|kind| (0..3).map(move |rank| arm(kind, rank)))
        .collect();
    let curves = vec![
        [3.0, 1.0, 20e3],
        [4.0, 1.0, 30e3],
        [6.0, 1.0, 36e3],
        [5.0, 1.0, 90e3],
        [4.0, 1.0, 100e3],
        [3.5, 1.0, 120e3],
        [8.0, 0.80, 300e3],
        [9.0, 0.82, 300e3],
        [10.0, 0.84, 300e3],
        [9.0, 1.0, 9e3],
        [9.0, 1.0, 8e3],
        [9.0, 1.0, 7e3],
    ];
    (arms, Simulated(curves))
}

#[test]
fn the_fastest_arm_is_found_in_a_third_of_the_points_of_a_grid() {
    let (arms, mut simulated) = field();
    for target in [0.9, 0.95, 0.99] {
        let mut race = Race::new(&arms, usize::MAX);
        race.run(&[target], &mut simulated).unwrap();
        let (winner, found, _) = race.landed(target)[0];
        let (best, qps) = simulated.best(&arms, target);
        assert_eq!(winner, best, "at {target}");
        assert!(found.mark.qps > 0.85 * qps, "{found:?}, best {qps}");
        // A grid of eight values a build.
        assert!(
            3 * race.n_measured() <= 8 * arms.len(),
            "{} at {target}",
            race.n_measured()
        );
    }
}

#[test]
fn points_of_one_target_serve_the_next() {
    let (arms, mut simulated) = field();
    let targets = [0.9, 0.95, 0.99];
    let alone = targets.map(|target| {
        let mut race = Race::new(&arms, usize::MAX);
        race.run(&[target], &mut simulated).unwrap();
        race.n_measured()
    });
    let mut race = Race::new(&arms, usize::MAX);
    race.run(&targets, &mut simulated).unwrap();
    assert!(race.n_measured() < alone.iter().sum());
    for target in targets {
        assert_eq!(
            race.landed(target)[0].0,
            simulated.best(&arms, target).0,
            "{target}"
        );
    }
}

#[test]
fn kinds_that_cannot_win_are_looked_at_once_or_twice() {
    let (arms, mut simulated) = field();
    let mut race = Race::new(&arms, usize::MAX);
    race.run(&[0.95], &mut simulated).unwrap();
    let of_kind = |kind: usize| -> usize {
        let known = arms.iter().zip(race.known());
        known
            .filter(|(arm, _)| arm.kind == kind)
            .map(|(_, known)| known.len())
            .sum()
    };
    assert!(
        of_kind(0) <= 2 && of_kind(3) <= 2,
        "{} {}",
        of_kind(0),
        of_kind(3)
    );
}

#[test]
fn what_cannot_win_even_at_its_smallest_value_is_left() {
    let narrow = Reach {
        low: 32.0,
        high: 128.0,
        is_whole: true,
    };
    let mut arms = vec![arm(0, 0), arm(1, 0)];
    arms[1].reach = narrow;
    // Both reach the target by far. Halved, the second's parameter gives at most twice its speed.
    let mut simulated = Simulated(vec![[2.0, 1.0, 300e3], [2.0, 1.0, 450e3]]);
    let mut race = Race::new(&arms, usize::MAX);
    race.run(&[0.9], &mut simulated).unwrap();
    assert_eq!(race.landed(0.9)[0].0, 0);
    let at: Vec<f64> = race.known()[1].iter().map(|known| known.mark.at).collect();
    assert_eq!(at.len(), 1, "{at:?}");
}

#[test]
fn finalists_hold_the_winner_where_it_lands_and_where_it_is_sure() {
    let (arms, mut simulated) = field();
    let mut race = Race::new(&arms, usize::MAX);
    race.run(&[0.95], &mut simulated).unwrap();
    let (winner, found, _) = race.landed(0.95)[0];
    let finalists = race.finalists(&[0.95]);
    assert!(
        finalists.contains(&(winner, found.mark.at)),
        "{finalists:?}"
    );
    let sure = finalists.iter().filter(|(arm, _)| *arm == winner);
    let sure = sure.map(|(arm, at)| simulated.mark(*arm, *at).recall);
    assert!(sure.fold(0.0, f64::max) >= 0.96, "{finalists:?}");
}

#[test]
fn where_the_winner_cannot_be_sure_the_next_one_is() {
    let mut arms = vec![arm(0, 0), arm(1, 0)];
    arms[0].reach.high = 32.0;
    // At its end the first has a recall of 0.954, too little to be sure on other queries.
    let mut simulated = Simulated(vec![[6.4, 1.0, 300e3], [6.4, 1.0, 200e3]]);
    let mut race = Race::new(&arms, usize::MAX);
    race.run(&[0.95], &mut simulated).unwrap();
    assert_eq!(race.landed(0.95)[0].0, 0);
    let finalists = race.finalists(&[0.95]);
    let sure = finalists.iter().filter(|(arm, _)| *arm == 1);
    let sure = sure.map(|(arm, at)| simulated.mark(*arm, *at).recall);
    assert!(sure.fold(0.0, f64::max) >= 0.96, "{finalists:?}");
}

#[test]
fn an_arm_that_fails_is_given_up_and_a_limit_is_kept() {
    struct Broken(Simulated);
    impl Measure for Broken {
        fn measure(&mut self, arm: usize, at: f64) -> Result<Option<(Landmark, f64)>> {
            match arm {
                5 => Ok(None),
                arm => self.0.measure(arm, at),
            }
        }
    }
    let (arms, simulated) = field();
    let mut race = Race::new(&arms, usize::MAX);
    race.run(&[0.95], &mut Broken(simulated)).unwrap();
    assert_eq!(race.landed(0.95)[0].0, 4, "the next best");
    let (arms, mut simulated) = field();
    let mut race = Race::new(&arms, 6);
    race.run(&[0.95], &mut simulated).unwrap();
    assert_eq!(race.n_measured(), 6);
}
