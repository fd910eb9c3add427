//! What is to be installed, by which package manager, under which names.

use super::cmake;
use crate::process;

/// OpenBLAS on Debian and Ubuntu, LAPACK included.
pub(super) const DEBIAN_BLAS: &str = "libopenblas-dev";

/// Something to be installed: what FAISS cannot be compiled without, and a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Cmake,
    /// cmake is there, but too old.
    NewerCmake,
    Make,
    Compiler,
    OpenMp,
    Blas,
    Browser,
}

impl Need {
    /// What to do where the package manager's own is not enough.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Cmake | Self::NewerCmake => {
                "cmake >= 3.24 is needed: take it from https://cmake.org/download or with \
                 `pipx install cmake`, or let the variable CMAKE name a newer one"
            }
            Self::Make => "make is needed",
            Self::Compiler => "a compiler for C++17 is needed: let the variable CXX name one",
            Self::OpenMp => {
                "a compiler with OpenMP and libgomp is needed, such as g++: let CXX name it"
            }
            Self::Blas => {
                "BLAS and LAPACK are needed, such as OpenBLAS, to be found as -lblas and -llapack"
            }
            Self::Browser => "install Chromium, or name it with the variable CHROMIUM",
        }
    }
}

/// A package manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manager {
    Apt,
    Dnf,
    Pacman,
    Brew,
}

impl Manager {
    /// The one this system has.
    pub(super) fn of_system() -> Option<Self> {
        Self::choose(&|program| process::find(program).is_some())
    }

    /// The first that `has` knows. Homebrew is last: on Linux it is a guest.
    fn choose(has: &dyn Fn(&str) -> bool) -> Option<Self> {
        [Self::Apt, Self::Dnf, Self::Pacman, Self::Brew]
            .into_iter()
            .find(|manager| has(manager.program()))
    }

    fn program(self) -> &'static str {
        match self {
            Self::Apt => "apt-get",
            Self::Dnf => "dnf",
            Self::Pacman => "pacman",
            Self::Brew => "brew",
        }
    }

    /// Whether it must be root to install.
    pub(super) fn wants_root(self) -> bool {
        self != Self::Brew
    }

    /// What a user of it must know.
    pub(super) fn note(self) -> Option<&'static str> {
        (self == Self::Brew).then_some(
            "annbench is not tested on macOS; FAISS is linked to libgomp, libblas and liblapack by \
             name: let LIBRARY_PATH name a folder with links of these names to libomp and OpenBLAS",
        )
    }

    /// The packages that fill `needs`, each once.
    pub(super) fn packages(self, needs: &[Need]) -> Vec<&'static str> {
        let mut packages = Vec::new();
        for package in needs.iter().flat_map(|need| self.packages_for(*need)) {
            if !packages.contains(package) {
                packages.push(package);
            }
        }
        packages
    }

    fn packages_for(self, need: Need) -> &'static [&'static str] {
        match (self, need) {
            (Self::Apt, Need::NewerCmake) => &["python3-venv"],
            (_, Need::Cmake | Need::NewerCmake) => &["cmake"],
            (_, Need::Make) => &["make"],
            (_, Need::Browser) => &["chromium"],
            (Self::Apt, Need::Compiler | Need::OpenMp) => &["g++"],
            (Self::Dnf, Need::Compiler | Need::OpenMp) => &["gcc-c++"],
            (Self::Pacman, Need::Compiler | Need::OpenMp) => &["gcc"],
            (Self::Brew, Need::Compiler | Need::OpenMp) => &["gcc", "libomp"],
            (Self::Apt, Need::Blas) => &[DEBIAN_BLAS],
            // Fedora's OpenBLAS is called by its own name; these two answer to -lblas and -llapack.
            (Self::Dnf, Need::Blas) => &["openblas-devel", "blas-devel", "lapack-devel"],
            (Self::Pacman, Need::Blas) => &["blas-openblas"],
            (Self::Brew, Need::Blas) => &["openblas"],
        }
    }

    /// The command that brings the list of packages up to date, where there is one.
    pub(super) fn refresh(self) -> Option<Vec<&'static str>> {
        match self {
            Self::Apt => Some(vec!["apt-get", "update", "-q", "-o", "Acquire::Retries=3"]),
            Self::Pacman => Some(vec!["pacman", "-Sy"]),
            Self::Dnf | Self::Brew => None,
        }
    }

    /// The command that installs what fills `needs`.
    pub(super) fn install(self, needs: &[Need]) -> Vec<&'static str> {
        let mut command = match self {
            // A fresh machine may be busy with its first upgrade: wait for its lock.
            Self::Apt => vec![
                "env",
                "DEBIAN_FRONTEND=noninteractive",
                "apt-get",
                "install",
                "-y",
                "-q",
                "--no-install-recommends",
                "-o",
                "Acquire::Retries=3",
                "-o",
                "DPkg::Lock::Timeout=300",
                "-o",
                "Dpkg::Use-Pty=0",
            ],
            Self::Dnf => vec!["dnf", "install", "-y"],
            Self::Pacman => vec!["pacman", "-S", "--needed", "--noconfirm"],
            Self::Brew => vec!["brew", "install"],
        };
        command.extend(self.packages(needs));
        command
    }

    /// The commands a person would type.
    pub(super) fn by_hand(self, needs: &[Need]) -> String {
        let packages = self.packages(needs).join(" ");
        let mut commands = match self {
            Self::Apt => format!(
                "sudo apt-get update && sudo apt-get install -y --no-install-recommends {packages}"
            ),
            Self::Brew => format!("brew install {packages}"),
            Self::Dnf | Self::Pacman => format!("sudo {}", self.install(needs).join(" ")),
        };
        if self.fetches_cmake(needs) {
            for command in cmake::fetching() {
                commands += &format!(" && {}", command.join(" "));
            }
        }
        commands
    }

    /// Whether cmake comes from elsewhere: the releases of Debian and Ubuntu keep theirs for years.
    pub(super) fn fetches_cmake(self, needs: &[Need]) -> bool {
        self == Self::Apt && needs.contains(&Need::NewerCmake)
    }
}

/// What to say where no package manager is known.
pub(super) fn list_for_people(needs: &[Need]) -> String {
    let list: Vec<String> = needs
        .iter()
        .map(|need| format!("  - {}", need.remedy()))
        .collect();
    format!(
        "none of apt-get, dnf, pacman and brew is here; install by hand, then run this again:\n{}",
        list.join("\n")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Need; 6] = [
        Need::NewerCmake,
        Need::Cmake,
        Need::Make,
        Need::Compiler,
        Need::OpenMp,
        Need::Blas,
    ];

    #[test]
    fn the_systems_own_manager_comes_before_homebrew() {
        let check = |there: &[&str], expected| {
            assert_eq!(
                Manager::choose(&|program| there.contains(&program)),
                expected
            );
        };
        check(&["brew", "apt-get"], Some(Manager::Apt));
        check(&["dnf"], Some(Manager::Dnf));
        check(&["pacman", "brew"], Some(Manager::Pacman));
        check(&["brew"], Some(Manager::Brew));
        check(&["zypper"], None);
    }

    #[test]
    fn commands_name_what_is_missing_and_nothing_else() {
        let check = |manager: Manager, needs: &[Need], expected: &str| {
            assert_eq!(manager.by_hand(needs), expected);
        };
        check(
            Manager::Apt,
            &[Need::Cmake, Need::Blas],
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends cmake libopenblas-dev",
        );
        check(
            Manager::Apt,
            &[Need::NewerCmake],
            "sudo apt-get update && sudo apt-get install -y --no-install-recommends python3-venv \
             && python3 -m venv target/annbench-tools \
             && target/annbench-tools/bin/pip install --quiet cmake~=3.31",
        );
        check(Manager::Dnf, &[Need::Make], "sudo dnf install -y make");
        check(
            Manager::Pacman,
            &[Need::Blas],
            "sudo pacman -S --needed --noconfirm blas-openblas",
        );
        check(Manager::Brew, &[Need::OpenMp], "brew install gcc libomp");
        check(
            Manager::Dnf,
            &[Need::Browser],
            "sudo dnf install -y chromium",
        );
    }

    #[test]
    fn a_package_is_asked_for_once() {
        assert_eq!(
            Manager::Apt.packages(&ALL),
            ["python3-venv", "cmake", "make", "g++", "libopenblas-dev"]
        );
        assert!(
            Manager::Apt
                .install(&ALL)
                .contains(&"DEBIAN_FRONTEND=noninteractive")
        );
    }

    #[test]
    fn an_unknown_system_gets_the_whole_list() {
        let list = list_for_people(&ALL);
        assert_eq!(list.lines().count(), 1 + ALL.len(), "{list}");
    }
}
