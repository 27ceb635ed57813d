//! `promtool`, which checks the alert rules: the one on the PATH, else out of Debian's package, in `.tools/prometheus`.

use std::path::PathBuf;

use super::debian;
use crate::failure::{Failure, Outcome};
use crate::place::Place;
use crate::shell;

/// Where it is; it is fetched if need be.
pub fn ensure(place: &Place) -> Outcome<PathBuf> {
    if let Some(there) = shell::on_path("promtool") {
        return Ok(there);
    }
    let home = place.tools().join("prometheus");
    let program = home.join("usr/bin/promtool");
    if program.is_file() {
        return Ok(program);
    }
    if !debian::is_here() {
        return Err(Failure::new("there is no promtool and no apt-get to fetch it: install Prometheus"));
    }
    debian::fetch(place, "prometheus", &home)?;
    Ok(program)
}
