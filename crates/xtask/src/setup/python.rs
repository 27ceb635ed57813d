//! The SMTP server that tests send real mail to: aiosmtpd in `.tools/python`.

use std::fs;

use super::pip;
use crate::failure::{Context as _, Outcome};
use crate::place::Place;

/// Installed beside the modules: the very text they were installed from.
const STAMP: &str = "installed-from.txt";

/// Puts aiosmtpd there unless the pinned versions already are.
pub fn ensure(place: &Place) -> Outcome {
    let requirements = place.pins().join("smtp.requirements.txt");
    let wanted = fs::read_to_string(&requirements).context(|| format!("read {}", requirements.display()))?;
    let home = place.tools().join("python");
    if fs::read_to_string(home.join(STAMP)).is_ok_and(|installed| installed == wanted) {
        println!("smtp server: already there ({})", home.display());
        return Ok(());
    }
    pip::check(place)?;
    println!("smtp server: installing aiosmtpd into {} (only tests use it)", home.display());
    let fresh = place.tools().join(format!("python.{}.new", std::process::id()));
    let installed = pip::install(place, &requirements, &fresh)
        .and_then(|()| fs::write(fresh.join(STAMP), &wanted).context(|| "note what was installed".to_owned()))
        .and_then(|()| {
            // Ours to replace; a failure to remove shows in the rename that follows.
            let _ = fs::remove_dir_all(&home);
            fs::rename(&fresh, &home).context(|| format!("put {} in place", home.display()))
        });
    // Gone already if all went well.
    let _ = fs::remove_dir_all(&fresh);
    installed
}
