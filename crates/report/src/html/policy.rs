//! What the page allows the browser.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

/// Nothing but the page's own styles and the scripts given, told by their hashes, and pictures that
/// these make themselves. Should a name ever escape its escaping, it still cannot run or fetch.
pub(super) fn policy(scripts: &[&str]) -> String {
    let hash = |script: &&str| BASE64_STANDARD.encode(Sha256::digest(script));
    let allowed = scripts
        .iter()
        .map(|script| format!(" 'sha256-{}'", hash(script)));
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; script-src{}",
        allowed.collect::<String>()
    )
}
