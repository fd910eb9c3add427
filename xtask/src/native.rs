//! Compiler flags: everything that is measured must be compiled for the CPU it runs on.
//!
//! `.cargo/config.toml` says so, but a variable set in the user's environment wins over it: with
//! `CXXFLAGS=-O2`, a habit of many, FAISS is compiled for a CPU of 2003 and searches IVF-Flat
//! at half the speed. The cargo commands of this crate get the flag put back.

use std::env;

/// Variables that cargo hands to the C and C++ compilers.
const NATIVE_C: &str = "-march=native";
const NATIVE_RUST: &str = "target-cpu=native";

/// The variables to set for cargo, and what to tell the user about them.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct NativeFlags {
    /// Variable and value.
    pub(crate) env: Vec<(&'static str, String)>,
    /// What was changed or looks wrong.
    pub(crate) notes: Vec<String>,
}

impl NativeFlags {
    /// What this environment needs.
    pub(crate) fn of_environment() -> Self {
        Self::of(&|name| env::var(name).ok())
    }

    /// What the environment read by `value_of` needs.
    fn of(value_of: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut flags = Self::default();
        for name in ["CFLAGS", "CXXFLAGS"] {
            flags.add_c(name, value_of(name).unwrap_or_default());
        }
        // cargo asks for the encoded form first, and reads only the first that is set.
        if let Some(value) = value_of("CARGO_ENCODED_RUSTFLAGS") {
            flags.add_rust("CARGO_ENCODED_RUSTFLAGS", &value, '\u{1f}');
        } else if let Some(value) = value_of("RUSTFLAGS") {
            flags.add_rust("RUSTFLAGS", &value, ' ');
        }
        flags
    }

    /// The value that cargo will see for `CXXFLAGS`: FAISS is compiled with it.
    pub(crate) fn cxxflags(&self) -> &str {
        let found = self.env.iter().find(|(name, _)| *name == "CXXFLAGS");
        found.map_or("", |(_, value)| value)
    }

    fn add_c(&mut self, name: &'static str, value: String) {
        let chosen = value
            .split_whitespace()
            .find(|flag| flag.starts_with("-march=") || flag.starts_with("-mcpu="));
        match chosen {
            Some(NATIVE_C | "-mcpu=native") => self.env.push((name, value)),
            Some(other) => {
                self.notes.push(format!(
                    "{name} in your environment says {other}: kept; unset it to compile FAISS for this CPU"
                ));
                self.env.push((name, value));
            }
            None => {
                if !value.is_empty() {
                    self.notes.push(format!(
                        "{name}=\"{value}\" in your environment would make FAISS generic: {NATIVE_C} added"
                    ));
                }
                self.env
                    .push((name, format!("{value} {NATIVE_C}").trim().to_owned()));
            }
        }
    }

    fn add_rust(&mut self, name: &'static str, value: &str, separator: char) {
        if value.contains("target-cpu=") {
            if !value.contains(NATIVE_RUST) {
                self.notes.push(format!(
                    "{name} in your environment names another target-cpu: kept; unset it to compile for this CPU"
                ));
            }
            return;
        }
        self.notes.push(format!(
            "{name} in your environment hides the flags of .cargo/config.toml: -C {NATIVE_RUST} added"
        ));
        let flags = format!("-C{NATIVE_RUST}");
        let value = match value {
            "" => flags,
            value => format!("{value}{separator}{flags}"),
        };
        self.env.push((name, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[(&str, &str)], name: &str, expected: Option<&str>, notes: usize) {
        let flags = NativeFlags::of(&|asked| {
            let found = given.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| (*value).to_owned())
        });
        let found = flags.env.iter().find(|(known, _)| *known == name);
        assert_eq!(
            found.map(|(_, value)| value.as_str()),
            expected,
            "{given:?}"
        );
        assert_eq!(flags.notes.len(), notes, "{:?}", flags.notes);
    }

    #[test]
    fn flags_of_the_user_keep_the_native_one() {
        check(&[], "CXXFLAGS", Some("-march=native"), 0);
        check(&[("CXXFLAGS", "")], "CXXFLAGS", Some("-march=native"), 0);
        check(
            &[("CXXFLAGS", "-O2")],
            "CXXFLAGS",
            Some("-O2 -march=native"),
            1,
        );
        check(
            &[("CXXFLAGS", "-march=native")],
            "CXXFLAGS",
            Some("-march=native"),
            0,
        );
        check(
            &[("CXXFLAGS", "-march=znver4")],
            "CXXFLAGS",
            Some("-march=znver4"),
            1,
        );
    }

    #[test]
    fn rust_flags_of_the_user_keep_the_native_one() {
        check(&[], "RUSTFLAGS", None, 0);
        check(
            &[("RUSTFLAGS", "-g")],
            "RUSTFLAGS",
            Some("-g -Ctarget-cpu=native"),
            1,
        );
        check(
            &[("RUSTFLAGS", "-C target-cpu=native")],
            "RUSTFLAGS",
            None,
            0,
        );
        check(
            &[("RUSTFLAGS", "-Ctarget-cpu=znver4")],
            "RUSTFLAGS",
            None,
            1,
        );
        let encoded = "CARGO_ENCODED_RUSTFLAGS";
        check(
            &[(encoded, "-g")],
            encoded,
            Some("-g\u{1f}-Ctarget-cpu=native"),
            1,
        );
    }
}
