//! A file system that holds writes until they are synced, and drops what is not when it is told that the power goes.
//!
//! ```sh
//! power-cut BACKING MOUNTPOINT [--names strict|journal] [--torn SEED]
//! ```
//!
//! It says `mounted` on stdout. A line on stdin ends it: `cut` drops what was not synced, anything else and the end of
//! stdin bring everything to the disk first. From that moment nothing is answered any more; the mount is left behind,
//! and whoever mounts again unmounts it before (`umount -l`).

mod disk;
mod files;

use std::{
    env,
    error::Error,
    io::{self, Write as _},
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use disk::{Disk, Names, Unsynced};
use files::Files;
use fuser::{Config, MountOption};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("power-cut: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [backing, mountpoint, options @ ..] = arguments else {
        return Err("usage: power-cut BACKING MOUNTPOINT [--names strict|journal] [--torn SEED]".into());
    };
    let (mut names, mut unsynced) = (Names::Strict, Unsynced::Dropped);
    for option in options.chunks(2) {
        match option {
            [name, value] if name == "--names" && value == "strict" => names = Names::Strict,
            [name, value] if name == "--names" && value == "journal" => names = Names::Journal,
            [name, value] if name == "--torn" => unsynced = Unsynced::Torn(value.parse()?),
            other => return Err(format!("it does not know {other:?}").into()),
        }
    }
    let disk = Arc::new(Mutex::new(Some(Disk::open(Path::new(backing), names)?)));
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("power-cut".to_owned()), MountOption::DefaultPermissions];
    let session = fuser::spawn_mount(Files(Arc::clone(&disk)), mountpoint, &config)?;
    say("mounted")?;
    let mut order = String::new();
    io::stdin().read_line(&mut order)?;
    // Held to the end: who asks from now on waits until the process is gone.
    let mut disk = disk.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(disk) = disk.take() else { return Ok(()) };
    let counts = disk.counts;
    if order.trim() == "cut" {
        let dropped = disk.cut(unsynced)?;
        say(&format!("cut: {dropped:?} after {counts:?}"))?;
    } else {
        disk.close()?;
        say(&format!("closed after {counts:?}"))?;
    }
    // Neither unmounted nor joined: a request that waits would wait for ever.
    std::mem::forget(session);
    std::process::exit(0)
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()
}
