//! What a path stands for: a file, an address on the network, or a name of the catalogue.

use std::path::{Path, PathBuf};

/// What data sets of the catalogue are called by, as in `catalog:sift-128-euclidean`.
const CATALOG: &str = "catalog:";

/// Beginnings of addresses that are read.
const SCHEMES: [&str; 5] = ["s3://", "gs://", "az://", "http://", "https://"];

/// The path as an address on the network, if it is one: `s3://`, `gs://`, `az://`, `http://` or
/// `https://` and what follows.
pub fn address(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    SCHEMES
        .iter()
        .any(|scheme| text.starts_with(scheme))
        .then_some(text)
}

/// The name after `catalog:`, if the path is one of the catalogue.
pub fn catalog_name(path: &Path) -> Option<&str> {
    path.to_str()?.strip_prefix(CATALOG)
}

/// A path as seen from a folder. Addresses and names of the catalogue stay what they are.
pub fn within(folder: &Path, path: &Path) -> PathBuf {
    match address(path).or(catalog_name(path)) {
        Some(_) => path.into(),
        None => folder.join(path),
    }
}

/// Whether an address stands for several files: a folder, which ends in `/`, or a pattern with `*`.
#[cfg(any(feature = "remote", test))]
pub(crate) fn is_several(address: &str) -> bool {
    let bare = address.split(['?', '#']).next().unwrap_or_default();
    bare.ends_with('/')
        || bare
            .rsplit('/')
            .next()
            .is_some_and(|name| name.contains('*'))
}

/// The last part of an address without its query, as a name for a local copy; characters that
/// could mean something to a file system become `_`.
pub(crate) fn file_name(address: &str) -> String {
    let bare = address.split(['?', '#']).next().unwrap_or_default();
    let last = bare.rsplit('/').find(|part| !part.is_empty());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=' | '+');
    let name: String = last
        .unwrap_or_default()
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    match name.trim_start_matches('.') {
        "" => "download".into(),
        name => name.chars().take(120).collect(),
    }
}

/// An address without user, password and query, which may hold secrets, for messages and records.
pub fn shown(address: &str) -> String {
    let bare = address.split(['?', '#']).next().unwrap_or_default();
    match bare.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}{path}")
        }
        None => bare.into(),
    }
}

/// The variables of the environment that give access where the address lies.
pub(crate) fn variables(address: &str) -> &'static str {
    match address.split_once("://").map(|(scheme, _)| scheme) {
        Some("s3") => {
            "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or AWS_SKIP_SIGNATURE=true for a public bucket"
        }
        Some("gs") => {
            "set GOOGLE_APPLICATION_CREDENTIALS to a key file, or GOOGLE_SKIP_SIGNATURE=true for a public bucket"
        }
        Some("az") => {
            "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_SKIP_SIGNATURE=true for a public container"
        }
        _ => "give an address that needs no login, such as a signed one, or fetch the file by hand",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_catalogue_names_are_told_from_files() {
        let cases = [
            ("s3://bucket/a.parquet", true, None),
            ("https://host/a.parquet?download=1", true, None),
            (
                "catalog:sift-128-euclidean",
                false,
                Some("sift-128-euclidean"),
            ),
            ("ftp://host/a", false, None),
            ("data/s3://x", false, None),
            ("https.parquet", false, None),
        ];
        for (path, is_address, name) in cases {
            let path = Path::new(path);
            assert_eq!(address(path).is_some(), is_address, "{path:?}");
            assert_eq!(catalog_name(path), name, "{path:?}");
            let is_kept = within(Path::new("configs"), path) == path;
            assert_eq!(is_kept, is_address || name.is_some(), "{path:?}");
        }
    }

    #[test]
    fn a_local_copy_has_a_name_that_cannot_leave_its_folder() {
        let cases = [
            ("https://host/a/b.parquet?x=/c", "b.parquet"),
            ("https://host/a/..", "download"),
            ("https://host/", "host"),
            ("s3://bucket/a b%20c.npy", "a_b_20c.npy"),
            ("s3://bucket/.hidden", "hidden"),
        ];
        for (address, expected) in cases {
            assert_eq!(file_name(address), expected, "{address}");
        }
    }

    #[test]
    fn secrets_of_an_address_are_not_shown() {
        let cases = [
            ("https://me:word@host/a?X-Amz-Signature=1", "https://host/a"),
            ("s3://bucket/a@b", "s3://bucket/a@b"),
            ("http://host", "http://host"),
        ];
        for (address, expected) in cases {
            assert_eq!(shown(address), expected);
        }
    }
}
