//! The power cut: nats-server's store on a file system that drops what was not synced (`tests/power-cut`).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use tempfile::TempDir;
use testkit::eventually;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// The file system, and the folder that is its disk.
#[derive(Debug)]
pub struct PowerDisk {
    program: PathBuf,
    options: Vec<String>,
    running: Option<(Child, Lines<BufReader<ChildStdout>>)>,
    dir: TempDir,
}

impl PowerDisk {
    /// An empty disk, mounted.
    pub async fn mount(program: &Path, options: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        for name in ["backing", "mount"] {
            fs::create_dir(dir.path().join(name)).expect("a directory");
        }
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut disk = Self { program: program.to_owned(), options, running: None, dir };
        disk.power_on().await;
        disk
    }

    /// Where it is mounted.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("mount")
    }

    /// Mounts what is on the disk.
    pub async fn power_on(&mut self) {
        let mut command = Command::new(&self.program);
        command.arg(self.dir.path().join("backing")).arg(self.path()).args(&self.options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("the file system starts");
        let mut said = BufReader::new(child.stdout.take().expect("its stdout")).lines();
        let mounted = said.next_line().await.expect("its words");
        assert_eq!(mounted.as_deref(), Some("mounted"), "is this root, and is there a /dev/fuse?");
        self.running = Some((child, said));
    }

    /// Everything comes to the disk, as it would in time, and it is mounted anew.
    pub async fn settle(&mut self) {
        self.end(b"close\n").await;
        self.unmount().await;
        self.power_on().await;
    }

    /// The power goes: from now on nothing that is written or synced is answered, and what was not synced is gone.
    /// Gives what the disk has lost, in words.
    pub async fn cut(&mut self) -> String {
        self.end(b"cut\n").await
    }

    async fn end(&mut self, order: &[u8]) -> String {
        let (mut child, mut said) = self.running.take().expect("the power is on");
        let mut stdin = child.stdin.take().expect("its stdin");
        stdin.write_all(order).await.expect("it listens");
        let words = said.next_line().await.expect("its words").unwrap_or_default();
        child.wait().await.expect("it ends");
        words
    }

    /// Takes the dead mount away, once nobody is in it any more.
    pub async fn unmount(&self) {
        eventually(async || {
            let unmounted = Command::new("umount").arg("-l").arg(self.path()).output().await;
            let unmounted = unmounted.expect("umount");
            let why = String::from_utf8_lossy(&unmounted.stderr).into_owned();
            if unmounted.status.success() { Ok(()) } else { Err(why) }
        })
        .await;
    }
}

impl Drop for PowerDisk {
    fn drop(&mut self) {
        self.running = None;
        let _ = std::process::Command::new("umount").arg("-l").arg(self.path()).output();
    }
}
