//! The modules of Python that tests and examples need, in `.tools/python`: an SMTP server and a NATS client.

use std::fs;

use super::pip;
use crate::failure::{Context as _, Outcome};
use crate::place::Place;

/// Installed beside the modules: the very text they were installed from.
const STAMP: &str = "installed-from.txt";

/// Puts them there unless the pinned versions already are.
pub fn ensure(place: &Place) -> Outcome {
    let requirements = place.pins().join("python.requirements.txt");
    let wanted = fs::read_to_string(&requirements).context(|| format!("read {}", requirements.display()))?;
    let home = place.tools().join("python");
    if fs::read_to_string(home.join(STAMP)).is_ok_and(|installed| installed == wanted) {
        println!("python modules: already there ({})", home.display());
        return Ok(());
    }
    pip::check(place)?;
    println!("python modules: installing them into {} (only tests and examples use them)", home.display());
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
