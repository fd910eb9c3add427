//! Environment variables that steer BLAS and OpenMP behind a user's back.
//!
//! Some container images set them, and a run that inherits them measures half the speed unseen.

use std::process::Command;

use annbench_store::results::{BlasEnvironment, EnvVariable, Warning};

use crate::experiment::BlasEnv;

/// What the backends' libraries listen to; the program that registers the backends knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steering {
    /// Names of variables that steer the libraries; one that ends in `_` stands for all that begin so.
    pub variables: Vec<String>,
    /// Variables to set for workers, so that the libraries' thread pools do not fight.
    pub workers: Vec<(String, String)>,
}

/// What of the environment reaches the workers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// What was found and done, for the record.
    pub record: BlasEnvironment,
}

impl Environment {
    /// Looks through `variables` (names and values, such as [`std::env::vars`] gives) for those
    /// that steer, and decides what becomes of them.
    pub fn detect(
        steering: &Steering,
        policy: BlasEnv,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let mut found: Vec<EnvVariable> = variables
            .filter(|(name, _)| steering.listens_to(name))
            .map(|(name, value)| EnvVariable { name, value })
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        let kept = policy == BlasEnv::Keep;
        let set = match kept {
            true => Vec::new(),
            false => steering.workers.iter().map(variable).collect(),
        };
        Self {
            record: BlasEnvironment { kept, found, set },
        }
    }

    /// Doubts that follow.
    pub fn warnings(&self) -> Vec<Warning> {
        let found = self.record.found.iter().cloned();
        found
            .map(|EnvVariable { name, value }| match self.record.kept {
                true => Warning::EnvironmentKept {
                    variable: name,
                    value,
                },
                false => Warning::EnvironmentOverridden {
                    variable: name,
                    value,
                },
            })
            .collect()
    }

    /// Prepares the command that starts a worker.
    pub fn apply(&self, command: &mut Command) {
        if self.record.kept {
            return;
        }
        for variable in &self.record.found {
            command.env_remove(&variable.name);
        }
        for variable in &self.record.set {
            command.env(&variable.name, &variable.value);
        }
    }
}

impl Steering {
    fn listens_to(&self, name: &str) -> bool {
        self.variables
            .iter()
            .any(|known| name == known || (known.ends_with('_') && name.starts_with(known)))
    }
}

fn variable((name, value): &(String, String)) -> EnvVariable {
    EnvVariable {
        name: name.clone(),
        value: value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: BlasEnv, expected_in_worker: &[(&str, Option<&str>)]) -> Vec<Warning> {
        let steering = Steering {
            variables: vec!["OPENBLAS_".into(), "OMP_NUM_THREADS".into()],
            workers: vec![("OPENBLAS_NUM_THREADS".into(), "1".into())],
        };
        let user = [("OPENBLAS_CORETYPE", "Haswell"), ("HOME", "x")];
        let user = user.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let environment = Environment::detect(&steering, policy, user.into_iter());
        let mut command = Command::new("worker");
        environment.apply(&mut command);
        let changes: Vec<_> = command
            .get_envs()
            .map(|(name, value)| (name.to_str().unwrap(), value.map(|v| v.to_str().unwrap())))
            .collect();
        assert_eq!(changes, expected_in_worker);
        environment.warnings()
    }

    #[test]
    fn what_steers_is_taken_away_and_said() {
        let warnings = check(
            BlasEnv::Own,
            &[
                ("OPENBLAS_CORETYPE", None),
                ("OPENBLAS_NUM_THREADS", Some("1")),
            ],
        );
        assert!(
            matches!(&warnings[..], [Warning::EnvironmentOverridden { variable, .. }]
            if variable == "OPENBLAS_CORETYPE")
        );
    }

    #[test]
    fn what_steers_is_kept_when_asked_and_said() {
        let warnings = check(BlasEnv::Keep, &[]);
        assert!(
            matches!(&warnings[..], [Warning::EnvironmentKept { variable, .. }]
            if variable == "OPENBLAS_CORETYPE")
        );
    }
}
