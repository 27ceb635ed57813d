//! A disk of its own for one test, that really fills up: an ext4 image on a loop device.
//!
//! Only root can mount one. Where that is not possible, [`Disk::mount`] says why, and the test must say what it did
//! instead.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

/// How much is written at a time when the disk is nearly full.
const PIECE: usize = 64 * 1024;

/// The disk. Dropped, it is unmounted and gone.
#[derive(Debug)]
pub struct Disk {
    mount: PathBuf,
    _dir: TempDir,
}

impl Disk {
    /// A fresh, empty file system of so many MiB.
    ///
    /// # Errors
    /// What the system says when it does not let us mount.
    ///
    /// # Panics
    /// When there is no room for the image.
    pub fn mount(mebibytes: u64) -> Result<Self, String> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (image, mount) = (dir.path().join("disk.img"), dir.path().join("disk"));
        let file = File::create(&image).expect("an image");
        file.set_len(mebibytes << 20).expect("an image of that size");
        fs::create_dir(&mount).expect("a place to mount it");
        said(Command::new("mkfs.ext4").args(["-q", "-m", "0"]).arg(&image).output())?;
        said(Command::new("mount").args(["-o", "loop"]).arg(&image).arg(&mount).output())?;
        Ok(Self { mount, _dir: dir })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.mount
    }

    /// Fills it with a ballast until the system says that no space is left.
    ///
    /// # Panics
    /// When it ends otherwise.
    pub fn fill(&self) {
        let mut ballast =
            OpenOptions::new().create(true).append(true).open(self.ballast()).expect("a ballast");
        for piece in [64 * PIECE, PIECE, 512, 1] {
            let bytes = vec![7; piece];
            let full = loop {
                if let Err(error) = ballast.write_all(&bytes) {
                    break error;
                }
            };
            // What was promised is taken, so that nobody else gets it.
            let _ = ballast.sync_data();
            assert_eq!(full.kind(), io::ErrorKind::StorageFull, "{full}");
        }
    }

    /// Throws the ballast away.
    ///
    /// # Panics
    /// When it cannot.
    pub fn make_room(&self) {
        fs::remove_file(self.ballast()).expect("the ballast goes");
    }

    fn ballast(&self) -> PathBuf {
        self.mount.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process of a test that failed may still be in it.
        let _ = Command::new("umount").arg("-l").arg(&self.mount).output();
    }
}

fn said(output: io::Result<Output>) -> Result<(), String> {
    let output = output.map_err(|error| error.to_string())?;
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(words) }
}
