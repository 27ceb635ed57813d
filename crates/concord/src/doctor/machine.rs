//! The data directory and the disk that it lies on.

use std::{fs, io::ErrorKind, os::unix::fs::PermissionsExt as _, path::Path};

use rustix::fs::statvfs;
use service::Config;

use super::report::{Check, bytes};
use crate::place;

/// Whether it is there, only its owner may enter, and it is whole.
pub(super) fn data_directory(config: &Config) -> Check {
    const NAME: &str = "data-directory";
    let data = &config.data;
    let shown = data.display();
    let mode = match fs::metadata(data) {
        Ok(known) => known.permissions().mode() & 0o777,
        Err(error) if error.kind() == ErrorKind::NotFound && config.nats.url.is_some() => {
            return Check::skipped(NAME, format!("{shown} is not there: no service has run on this machine"));
        }
        Err(error) => {
            let advice = "start `concord up`, which makes it, or give its --data directory";
            return Check::failed(NAME, &format!("{shown}: {error}"), advice);
        }
    };
    if let Err(error) = place::is_restored(data) {
        return Check::failed(NAME, &error, "restore again with `concord restore`");
    }
    if mode & 0o077 != 0 {
        let found = format!("{shown} can be entered by others (mode {mode:o})");
        return Check::fail(NAME, found, format!("run chmod 700 {shown}"));
    }
    Check::ok(NAME, format!("{shown}, mode {mode:o}"))
}

/// How much room there is on its disk.
pub(super) fn disk(data: &Path) -> Check {
    const NAME: &str = "disk";
    match room(data) {
        Ok((free, total)) => of_the_disk(NAME, free, total),
        Err(error) => Check::skipped(NAME, format!("{}: {error}", data.display())),
    }
}

/// Free and all bytes of the disk that a directory lies on.
pub(super) fn room(data: &Path) -> Result<(u64, u64), rustix::io::Errno> {
    let known = statvfs(data)?;
    let unit = if known.f_frsize == 0 { known.f_bsize } else { known.f_frsize };
    Ok((known.f_bavail.saturating_mul(unit), known.f_blocks.saturating_mul(unit)))
}

fn of_the_disk(name: &str, free: u64, total: u64) -> Check {
    const ADVICE: &str =
        "make room: when the disk is full, nothing more is taken in until the server starts anew";
    let share = u64::try_from(u128::from(free) * 100 / u128::from(total.max(1))).unwrap_or(100);
    let found = format!("{} free of {}, {share} %", bytes(free), bytes(total));
    match share {
        0..5 => Check::fail(name, found, ADVICE),
        5..20 => Check::warn(name, found, ADVICE),
        _ => Check::ok(name, found),
    }
}

/// Whether the streams fit onto the disk if they fill the room that they may take.
pub(super) fn for_streams(free: u64, remaining: u64) -> Check {
    const NAME: &str = "disk-for-streams";
    let found = format!("the streams may still take {}, and {} are free", bytes(remaining), bytes(free));
    if free < remaining {
        Check::warn(NAME, found, "make room, or move the data to a larger disk")
    } else {
        Check::ok(NAME, found)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use svc_audit::backup::INCOMPLETE;

    use super::*;
    use crate::doctor::report::Verdict;

    #[test]
    fn a_disk_warns_under_a_fifth_and_fails_under_a_twentieth() {
        let verdict = |free| of_the_disk("disk", free, 1_000).verdict;
        assert_eq!([1_000, 200].map(verdict), [Verdict::Ok; 2]);
        assert_eq!([199, 50].map(verdict), [Verdict::Warn; 2]);
        assert_eq!([49, 0].map(verdict), [Verdict::Fail; 2]);
        assert_eq!(of_the_disk("disk", 3 << 30, 10 << 30).found, "3.0 GiB free of 10.0 GiB, 30 %");
    }

    #[test]
    fn the_streams_must_fit() {
        assert_eq!(for_streams(10, 10).verdict, Verdict::Ok);
        assert_eq!(for_streams(9, 10).verdict, Verdict::Warn);
    }

    #[test]
    fn a_directory_is_private_and_whole() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        let mut config = Config { data: data.clone(), ..Config::default() };
        config.nats.url = Some("nats://10.0.0.11:4222".to_owned());
        assert_eq!(data_directory(&config).verdict, Verdict::Skipped, "a fourth place has none");
        config.nats.url = None;
        assert!(data_directory(&config).found.contains("No such file"));
        place::make_private(&data).unwrap();
        assert_eq!(data_directory(&config).verdict, Verdict::Ok);
        fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
        let open = data_directory(&config);
        assert_eq!(open.advice, Some(format!("run chmod 700 {}", data.display())));
        fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
        fs::write(data.join(INCOMPLETE), "").unwrap();
        let half = data_directory(&config);
        assert_eq!(half.verdict, Verdict::Fail);
        assert!(half.advice.unwrap().starts_with("remove the directory"));
        assert!(room(&data).unwrap().1 > 0);
    }
}
